"""Claude Code through the Claude Agent SDK. SDK types stop in this module.

How the CLI behaves (errors as messages, limits, resume, environment) was observed with
claude-agent-sdk 0.2.186 and the CLI 2.1.329 in its wheel.
"""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata, resources
from pathlib import Path
from typing import Any, TextIO

import anyio
import claude_agent_sdk as sdk

from ..box import Box, Cell
from ..domain.errors import AgentError
from ..domain.session import (
    CapReached,
    Completed,
    Crashed,
    Denied,
    LimitReached,
    Said,
    SessionEnd,
    Spending,
    Started,
    ToolCalled,
    ToolEnded,
    Unreachable,
    Waiting,
)
from .base import Conversation, HostTool, Report

HANDS = ("Bash", "Read", "Edit", "Write", "Glob", "Grep")
_SERVER = "nightshift"
_DENIED = frozenset(
    {
        "authentication_failed",
        "oauth_org_not_allowed",
        "account_on_hold",
        "verification_required",
        "billing_error",
        "model_not_found",
    }
)
_CAPS = {"error_max_turns": "turns", "error_max_budget_usd": "usd"}
_FRAME_BYTES = 64 << 20
_INTERRUPT_SECONDS = 2

# The SDK logs a program's death as an error of its own; for us it is an ending, reported as one.
logging.getLogger("claude_agent_sdk").setLevel(logging.CRITICAL)
_STDERR_LINES = 20
_SUMMARY = 160


@dataclass(frozen=True, kw_only=True)
class Token:
    """What the account is known by. `oauth` tells a subscription's token from an API key."""

    value: str = field(repr=False)
    oauth: bool

    @property
    def variable(self) -> str:
        """The CLI's variable that names the file descriptor to read it from."""
        kind = "OAUTH_TOKEN" if self.oauth else "API_KEY"
        return f"CLAUDE_CODE_{kind}_FILE_DESCRIPTOR"


class ClaudeAgent:
    """Sessions of the real CLI, each in its own box.

    `environment` is what the person's machine needs to reach the service (its
    proxies); nothing else of ours is inherited. `endpoint` replaces Anthropic's.
    """

    name = "claude"

    def __init__(
        self,
        *,
        box: Box,
        token: Token,
        model: str,
        endpoint: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._box = box
        self._token = token
        self._model = model
        self._endpoint = endpoint
        self._environment = dict(environment or {})
        self._program = Path(str(resources.files(sdk))) / "_bundled" / "claude"
        self._launcher = Path(str(resources.files("framework.agents") / "launch"))
        for path in (self._program, self._launcher):
            if not path.exists():
                raise AgentError(f"{path} is missing: install requirements.txt again.")

    async def converse(self, conversation: Conversation, report: Report) -> SessionEnd:
        with _transcript(conversation.log) as log:
            turn = _Turn(report=report, log=log)
            options = self._options(conversation, turn)
            with anyio.move_on_after(conversation.limits.seconds) as clock:
                return await _talk(options, conversation.prompt, turn)
            assert clock.cancelled_caught
            return CapReached(what="seconds", spending=turn.spending)

    def _options(self, conversation: Conversation, turn: _Turn) -> sdk.ClaudeAgentOptions:
        hands = list(HANDS) if conversation.hands else []
        return sdk.ClaudeAgentOptions(
            cwd=conversation.directory,
            cli_path=self._launcher,
            model=self._model,
            system_prompt=conversation.system,
            setting_sources=[],
            session_id=None if conversation.resume else conversation.session,
            resume=conversation.session if conversation.resume else None,
            tools=hands,
            allowed_tools=[*hands, *(f"mcp__{_SERVER}__{one.name}" for one in conversation.tools)],
            permission_mode="acceptEdits",
            mcp_servers={_SERVER: _server(conversation.tools)},
            strict_mcp_config=True,
            max_turns=conversation.limits.turns,
            max_budget_usd=conversation.limits.usd,
            max_buffer_size=_FRAME_BYTES,
            stderr=turn.keep_stderr,
            env={
                "NIGHTSHIFT_LAUNCH": str(self._launch_file(conversation)),
                "NIGHTSHIFT_TOKEN": self._token.value,
            },
        )

    def _launch_file(self, conversation: Conversation) -> Path:
        """Beside the home, not in it: the agent must not write what the host starts."""
        hub = (conversation.hub,) if conversation.hub else ()
        words = self._box.wrap(
            [str(self._program)],
            Cell(
                directory=conversation.directory,
                writable=(conversation.directory, conversation.home),
                readable=(self._program, *hub),
                environment=self._inside(conversation),
                network=True,
            ),
        )
        path = conversation.home.with_name("launch")
        path.write_bytes(b"".join(word.encode() + b"\0" for word in words))
        return path

    def _inside(self, conversation: Conversation) -> dict[str, str]:
        temporary = {} if self._box.confines else {"TMPDIR": str(conversation.home)}
        endpoint = {"ANTHROPIC_BASE_URL": self._endpoint} if self._endpoint else {}
        return {
            **self._environment,
            **temporary,
            **endpoint,
            **conversation.environment,
            self._token.variable: "9",
            "CLAUDE_CONFIG_DIR": str(conversation.home / "claude"),
            "CLAUDE_CODE_ENTRYPOINT": "sdk-py",
            "CLAUDE_AGENT_SDK_VERSION": metadata.version("claude-agent-sdk"),
            "CLAUDE_CODE_SDK_READS_SESSION_STATE": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
            "DISABLE_AUTOUPDATER": "1",
            "CLAUDE_CODE_MAX_RETRIES": "3",
            "API_TIMEOUT_MS": "300000",
        }


@dataclass(kw_only=True)
class _Turn:
    """What has been seen of one turn so far."""

    report: Report
    log: TextIO
    spending: Spending = field(default_factory=Spending)
    stderr: list[str] = field(default_factory=list)
    error: str | None = None
    limit: sdk.RateLimitInfo | None = None
    result: sdk.ResultMessage | None = None

    def keep_stderr(self, line: str) -> None:
        self.stderr = [*self.stderr, line][-_STDERR_LINES:]

    def take(self, message: sdk.Message) -> None:
        _write(self.log, message)
        match message:
            case sdk.SystemMessage(subtype="init", data=data):
                self.report(Started(session=data["session_id"], model=data.get("model", "")))
            case sdk.SystemMessage(subtype="api_retry", data=data):
                self.report(Waiting(why=str(data.get("error") or "no answer")))
            case sdk.RateLimitEvent(rate_limit_info=info) if info.status == "rejected":
                self.limit = info
            case sdk.AssistantMessage(content=content, error=error):
                self.error = error or self.error
                self._take_content(content)
            case sdk.UserMessage(content=list(content)):
                self._take_content(content)
            case sdk.ResultMessage():
                self.result = message
                self.spending = _spending(message, self.spending)
            case _:
                pass  # frames that only a terminal would show

    def _take_content(self, content: list[sdk.ContentBlock]) -> None:
        for block in content:
            match block:
                case sdk.TextBlock(text=text):
                    self.report(Said(text=text))
                case sdk.ToolUseBlock(id=call, name=name, input=arguments):
                    self.spending = dataclasses.replace(
                        self.spending, tools=self.spending.tools + 1
                    )
                    self.report(ToolCalled(call=call, tool=name, summary=_summary(arguments)))
                case sdk.ToolResultBlock(tool_use_id=call, is_error=failed):
                    self.report(ToolEnded(call=call, failed=bool(failed)))
                case _:
                    pass  # thinking, and tools that the service runs itself


async def _talk(options: sdk.ClaudeAgentOptions, prompt: str, turn: _Turn) -> SessionEnd:
    try:
        async with sdk.ClaudeSDKClient(options) as client:
            try:
                await client.query(prompt)
                async for message in client.receive_response():
                    turn.take(message)
            except anyio.get_cancelled_exc_class():
                # Without an interrupt the SDK waits five seconds for the CLI to leave by itself.
                with anyio.move_on_after(_INTERRUPT_SECONDS, shield=True):
                    await client.interrupt()
                raise
    except sdk.ClaudeSDKError as error:
        return Crashed(why="; ".join([_named(error), *turn.stderr]), spending=turn.spending)
    return _end(turn)


def _named(error: sdk.ClaudeSDKError) -> str:
    if isinstance(error, sdk.ProcessError) and error.exit_code is not None:
        return f"its program ended with exit code {error.exit_code}"
    return str(error).strip()


def _end(turn: _Turn) -> SessionEnd:
    """The class of the ending, from typed fields only: never from the agent's words."""
    result, spending = turn.result, turn.spending
    if result is None:
        return Crashed(why="; ".join(turn.stderr) or "ended without a result", spending=spending)
    why = result.result or "; ".join(result.errors or ()) or result.subtype
    if not result.is_error:
        return Completed(spending=spending)
    if result.subtype in _CAPS:
        return CapReached(what=_CAPS[result.subtype], spending=spending)
    if result.subtype != "success":
        return Crashed(why=why, spending=spending)
    if turn.limit is not None:
        return LimitReached(until=_reset(turn.limit), spending=spending)
    if turn.error in _DENIED:
        return Denied(why=why, spending=spending)
    status = result.api_error_status
    if status is None or status == 429 or status >= 500 or status == 408:
        return Unreachable(why=why, spending=spending)
    return Crashed(why=why, spending=spending)


def _reset(limit: sdk.RateLimitInfo) -> datetime | None:
    return datetime.fromtimestamp(limit.resets_at, UTC) if limit.resets_at else None


def _spending(result: sdk.ResultMessage, before: Spending) -> Spending:
    usage = result.usage or {}
    fresh, written, read = (
        int(usage.get(name) or 0)
        for name in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    )
    return Spending(
        turns=result.num_turns,
        tools=before.tools,
        input_tokens=fresh + written + read,
        output_tokens=int(usage.get("output_tokens") or 0),
        usd=result.total_cost_usd or 0.0,
    )


def _server(tools: tuple[HostTool, ...]) -> sdk.McpSdkServerConfig:
    return sdk.create_sdk_mcp_server(_SERVER, "1", [_sdk_tool(one) for one in tools])


def _sdk_tool(tool: HostTool) -> sdk.SdkMcpTool[Any]:
    async def handle(arguments: dict[str, Any]) -> dict[str, Any]:
        reply = await tool.handle(arguments)
        return {"content": [{"type": "text", "text": reply.text}], "is_error": reply.failed}

    return sdk.SdkMcpTool(tool.name, tool.description, dict(tool.schema), handle)


def _summary(arguments: Mapping[str, Any]) -> str:
    """The argument that tells people most: a command, a path, or the first one."""
    known = [arguments[name] for name in ("command", "file_path", "pattern") if name in arguments]
    text = str((known or list(arguments.values()) or [""])[0])
    return " ".join(text.split())[:_SUMMARY]


@contextmanager
def _transcript(path: Path) -> Iterator[TextIO]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", buffering=1) as log:
        yield log


def _write(log: TextIO, message: sdk.Message) -> None:
    row = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "kind": type(message).__name__,
        **dataclasses.asdict(message),
    }
    log.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
