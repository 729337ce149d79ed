"""From the short words of a scenario to the tool calls of the real CLI."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from .document import Node
from .turn import Answer, Block, Call, Cut, Hang, Limit, Malformed, Refusal, Reply, Text, Turn

_FAULTS = ("status", "limit", "malformed")
_BROKEN = ("cut", "hang")
_STATUS = ("error", "message")
_PAUSES = ("delay", "headers")
_DESCRIPTION = 60
_DIE = "kill -9 $PPID"
"""The shell's parent is the CLI, in a process namespace of its own too."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """What the words of a scenario may refer to: its files, and its plan."""

    folder: Path
    plan: Mapping[str, Any] | None = None

    def path(self, node: Node) -> Path:
        """The file that `node` names, which lies in the scenario's folder."""
        name = PurePosixPath(node.text())
        if name.is_absolute() or ".." in name.parts:
            raise node.wrong(f"'{name}' must be a file in the scenario's own folder")
        return self.folder / name

    def text(self, node: Node) -> str:
        """What stands in the file that `node` names."""
        try:
            return self.path(node).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            raise node.wrong(f"cannot be read as text: {problem}") from problem

    def content(self, fields: Mapping[str, Node], node: Node) -> str:
        """`text` as it stands, or what the `file` holds."""
        if ("text" in fields) == ("file" in fields):
            raise node.wrong("needs either 'text' or 'file'")
        return fields["text"].text() if "text" in fields else self.text(fields["file"])


def turn(node: Node, source: Source) -> Turn:
    """One turn. Raises SettingsError for whatever is not in the format."""
    known = ("say", *ACTIONS, *_FAULTS, *_BROKEN, *_STATUS, *_PAUSES)
    fields = node.fields(known)
    headers = fields["headers"].entries() if "headers" in fields else {}
    return Turn(
        answer=_answer(fields, node, source),
        delay=fields["delay"].number() if "delay" in fields else 0.0,
        headers={name: value.text() for name, value in headers.items()},
    )


def _answer(fields: Mapping[str, Node], node: Node, source: Source) -> Answer | Limit:
    faults = [name for name in (*_FAULTS, *_BROKEN) if name in fields]
    if len(faults) > 1:
        raise node.wrong(f"{faults[0]!r} and {faults[1]!r} do not go together")
    if faults and faults[0] in _FAULTS:
        return _fault(faults[0], fields, node)
    if stray := next((name for name in _STATUS if name in fields), None):
        raise node.wrong(f"{stray!r} belongs beside 'status'")
    if "cut" in fields:
        return Cut(reply=_reply(fields, node, source), after=fields["cut"].whole())
    if "hang" in fields:
        return Hang(reply=_reply(fields, node, source), after=fields["hang"].whole())
    return _reply(fields, node, source)


def _fault(name: str, fields: Mapping[str, Node], node: Node) -> Answer | Limit:
    allowed = {name, *_PAUSES, *(_STATUS if name == "status" else ())}
    if stray := next((other for other in fields if other not in allowed), None):
        raise node.wrong(f"{stray!r} does not go with {name!r}, which is the whole answer")
    if name == "limit":
        limit = fields["limit"].fields(("resets_in", "window"), required=("resets_in",))
        window = limit["window"].text() if "window" in limit else "five_hour"
        return Limit(resets_in=limit["resets_in"].number(), window=window)
    if name == "malformed":
        fields["malformed"].yes()
        return Malformed()
    return Refusal(
        status=fields["status"].whole(),
        error=fields["error"].text() if "error" in fields else "api_error",
        message=fields["message"].text() if "message" in fields else "Refused by the scenario",
    )


def _reply(fields: Mapping[str, Node], node: Node, source: Source) -> Reply:
    actions = [name for name in fields if name in ACTIONS]
    if len(actions) > 1:
        raise node.wrong(f"has {' and '.join(actions)}; one message of several calls is 'several'")
    said: tuple[Block, ...] = (Text(text=fields["say"].text()),) if "say" in fields else ()
    done = ACTIONS[actions[0]](fields[actions[0]], source) if actions else ()
    if not said and not done and not any(name in fields for name in _BROKEN):
        raise node.wrong(f"does nothing; give it 'say' or one of: {', '.join(ACTIONS)}")
    return Reply(blocks=(*said, *done) or (Text(text="One moment."),))


def _write(node: Node, source: Source) -> tuple[Block, ...]:
    fields = node.fields(("path", "text", "file"), required=("path",))
    content = source.content(fields, node)
    return (Call(tool="Write", input={"file_path": fields["path"].text(), "content": content}),)


def _edit(node: Node, source: Source) -> tuple[Block, ...]:
    # The CLI refuses to edit what the conversation has not read.
    fields = node.fields(("path", "old", "new"), required=("path", "old", "new"))
    path = fields["path"].text()
    change = {"old_string": fields["old"].text(), "new_string": fields["new"].text()}
    return (
        Call(tool="Read", input={"file_path": path}),
        Call(tool="Edit", input={"file_path": path, **change}),
    )


def _read(node: Node, source: Source) -> tuple[Block, ...]:
    return (Call(tool="Read", input={"file_path": node.text()}),)


def _bash(node: Node, source: Source) -> tuple[Block, ...]:
    command = node.text()
    description = command.strip().partition("\n")[0][:_DESCRIPTION]
    return (Call(tool="Bash", input={"command": command, "description": description}),)


def _die(node: Node, source: Source) -> tuple[Block, ...]:
    node.yes()
    return (Call(tool="Bash", input={"command": _DIE, "description": "End the session"}),)


def _several(node: Node, source: Source) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for item in node.items():
        fields = item.fields(ACTIONS)
        if len(fields) != 1:
            raise item.wrong("must be one action")
        name, value = next(iter(fields.items()))
        blocks += ACTIONS[name](value, source)
    return tuple(blocks)


def _blocks(node: Node, source: Source) -> tuple[Block, ...]:
    return tuple(_block(item) for item in node.items())


def _block(node: Node) -> Block:
    """A content block as the Messages API has it, without its id."""
    fields = node.fields(("type", "text", "name", "input"), required=("type",))
    match fields["type"].value, sorted(fields.keys() - {"type"}):
        case "text", ["text"]:
            return Text(text=fields["text"].text())
        case "tool_use", ["input", "name"]:
            fields["input"].entries()
            return Call(tool=fields["name"].text(), input=fields["input"].value)
        case _:
            raise node.wrong("must be type 'text' with 'text', or 'tool_use' with 'name', 'input'")


def _host(tool: str, arguments: Mapping[str, Any]) -> tuple[Block, ...]:
    return (Call(tool=f"mcp__nightshift__{tool}", input=arguments),)


def _progress(node: Node, source: Source) -> tuple[Block, ...]:
    return _host("progress", {"text": node.text()})


def _comment(node: Node, source: Source) -> tuple[Block, ...]:
    return _host("comment", {"text": node.text()})


def _blocked(node: Node, source: Source) -> tuple[Block, ...]:
    return _host("blocked", {"question": node.text()})


def _finished(node: Node, source: Source) -> tuple[Block, ...]:
    names = ("summary", "evidence")
    fields = node.fields(names, required=names)
    return _host("finished", {name: value.text() for name, value in fields.items()})


def _submit_plan(node: Node, source: Source) -> tuple[Block, ...]:
    """The scenario's plan; with `changed`, some fields of some issues replaced before."""
    if source.plan is None:
        raise node.wrong("the scenario has no plan to submit; add the key 'plan' at its top")
    fields = node.fields(("changed",))
    changed = fields["changed"].entries() if "changed" in fields else {}
    issues = {issue["key"]: issue for issue in source.plan["issues"]}
    for key, change in changed.items():
        if key not in issues:
            raise change.wrong(f"the plan has no issue {key!r}")
        issues[key] = {**issues[key], **{name: one.value for name, one in change.entries().items()}}
    return _host("submit_plan", {**source.plan, "issues": list(issues.values())})


ACTIONS: Mapping[str, Callable[[Node, Source], tuple[Block, ...]]] = {
    "write": _write,
    "edit": _edit,
    "read": _read,
    "bash": _bash,
    "progress": _progress,
    "comment": _comment,
    "blocked": _blocked,
    "finished": _finished,
    "submit_plan": _submit_plan,
    "several": _several,
    "blocks": _blocks,
    "die": _die,
}
