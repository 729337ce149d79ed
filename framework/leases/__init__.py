"""Who works on what. `BACKENDS` names the classes; they are imported when they are used."""

BACKENDS: dict[str, str] = {
    "file": "framework.leases.file:FileLeases",
    "memory": "framework.leases.memory:MemoryLeases",
    "sqlite": "framework.leases.sqlite:SqliteLeases",
}
