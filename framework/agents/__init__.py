"""Agents: who does the work. The table names every one; nothing is imported until it is used."""

BACKENDS = {
    "claude": "framework.agents.claude:ClaudeAgent",
    "scripted": "framework.agents.scripted:ScriptedAgent",
}
