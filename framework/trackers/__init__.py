"""Where issues live. `BACKENDS` names the classes; they are imported when they are used."""

BACKENDS: dict[str, str] = {
    "github": "framework.trackers.github:GitHubTracker",
    "memory": "framework.trackers.memory:MemoryTracker",
    "sqlite": "framework.trackers.sqlite:SqliteTracker",
}
