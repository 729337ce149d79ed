"""The facts, in order. `BACKENDS` names the classes; they are imported when they are used."""

BACKENDS: dict[str, str] = {
    "memory": "framework.journals.memory:MemoryJournal",
    "sqlite": "framework.journals.sqlite:SqliteJournal",
}
