"""Claude Code through the Claude Agent SDK. SDK types stop in this module and in `turn`.

How the CLI behaves (errors as messages, limits, resume, environment) was observed with
claude-agent-sdk 0.2.186 and the CLI 2.1.329 in its wheel.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import anyio
import claude_agent_sdk as sdk

from ..box import DOOR_URL, Box, Cell, Network, Seatbelt
from ..box.door import Behind, open_door, proxy_for
from ..domain.errors import AgentError
from ..domain.session import (
    CapReached,
    SessionEnd,
)
from . import past, sandbox, transcript
from .base import Conversation, HostTool, Report
from .guard import TOOLS, GuardRules, hook
from .meter import Meter, Rate
from .turn import Turn, died, ending

HANDS = ("Bash", "Read", "Edit", "Write", "Glob", "Grep")
_SERVER = "nightshift"
_ENDPOINT = "https://api.anthropic.com"
_PLACEHOLDER = "behind-the-door"
"""In the place of a token that the box must not hold."""
_FRAME_BYTES = 64 << 20
_INTERRUPT_SECONDS = 2

# The SDK logs a program's death as an error of its own; for us it is an ending, reported as one.
logging.getLogger("claude_agent_sdk").setLevel(logging.CRITICAL)


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

    @property
    def header(self) -> dict[str, str]:
        """How a request carries it."""
        return (
            {"authorization": f"Bearer {self.value}"} if self.oauth else {"x-api-key": self.value}
        )


def _place(directory: Path) -> str:
    return sdk.project_key_for_directory(directory)


def _door_of(conversation: Conversation) -> Path:
    return conversation.home.with_name("door")


class ClaudeAgent:
    """Sessions of the real CLI, each in its own box.

    A conversation's `account` is one of `tokens`. `environment` is what the person's machine
    needs to reach the service (its proxies); nothing else of ours is inherited. `endpoint`
    replaces Anthropic's. With a `network` of MODEL_ONLY the program reaches nothing but a door
    to that endpoint, behind which the host adds the token: so the box never holds it.
    """

    name = "claude"

    def __init__(
        self,
        *,
        box: Box,
        tokens: Mapping[str, Token],
        model: str,
        network: Network = Network.OPEN,
        endpoint: str | None = None,
        environment: Mapping[str, str] | None = None,
        clean: Callable[[Any], Any] = lambda value: value,
    ) -> None:
        self._seatbelt = box if isinstance(box, Seatbelt) else None
        self._box = self._seatbelt.outside if self._seatbelt else box
        self._tokens = dict(tokens)
        self._rate = Rate()
        self._windows: dict[str, int] = {}
        self._model = model
        self._network = network
        self._clean = clean
        self._endpoint = endpoint
        self._environment = dict(environment or {})
        self._program = Path(str(resources.files(sdk))) / "_bundled" / "claude"
        self._launcher = Path(str(resources.files("framework.agents") / "launch"))
        for path in (self._program, self._launcher):
            if not path.exists():
                raise AgentError(f"{path} is missing: install requirements.txt again.")

    async def converse(self, conversation: Conversation, report: Report) -> SessionEnd:
        with transcript.opened(conversation.log) as log:
            turn = Turn(
                report=report,
                log=log,
                meter=Meter(conversation.spent, self._rate),
                windows=self._windows,
                clean=self._clean,
            )
            options = self._options(conversation, turn)
            with anyio.move_on_after(conversation.limits.seconds) as clock:
                async with self._door(conversation, turn):
                    return await _talk(options, conversation.prompt, turn)
            assert clock.cancelled_caught
            return CapReached(what="seconds", spending=turn.spending)

    def remember(self, session: str, *, directory: Path, home: Path) -> bytes:
        return past.taken(home, _place(directory), session, self._clean)

    def recall(self, session: str, kept: bytes, *, directory: Path, home: Path) -> None:
        past.put(home, _place(directory), session, kept)

    def forget(self, *, directory: Path, home: Path) -> None:
        past.drop(home, _place(directory))

    @property
    def _is_shut(self) -> bool:
        return self._network is Network.MODEL_ONLY

    def _door(self, conversation: Conversation, turn: Turn) -> AbstractAsyncContextManager[None]:
        """What a program without network talks to the model through."""
        if not self._is_shut:
            return nullcontext()
        endpoint = self._endpoint or _ENDPOINT
        return open_door(
            _door_of(conversation),
            Behind(
                endpoint=endpoint,
                headers=self._tokens[conversation.account].header,
                via=proxy_for(endpoint, self._environment),
            ),
            turn.answered,
        )

    def _options(self, conversation: Conversation, turn: Turn) -> sdk.ClaudeAgentOptions:
        token = self._tokens[conversation.account]
        limits, spent = conversation.limits, conversation.spent
        hands = list(HANDS) if conversation.hands else []
        return sdk.ClaudeAgentOptions(
            cwd=conversation.directory,
            cli_path=self._launcher,
            model=conversation.model or self._model,
            system_prompt=conversation.system,
            setting_sources=[],
            session_id=None if conversation.resume else conversation.session,
            resume=conversation.session if conversation.resume else conversation.earlier or None,
            fork_session=bool(conversation.earlier) and not conversation.resume,
            tools=hands,
            allowed_tools=[
                *(("Bash",) if self._seatbelt and hands else hands),
                *(f"mcp__{_SERVER}__{one.name}" for one in conversation.tools),
            ],
            sandbox=self._sandbox(conversation),
            permission_mode="acceptEdits",
            mcp_servers={_SERVER: _server(conversation.tools)},
            strict_mcp_config=True,
            max_turns=max(1, limits.turns - spent.turns),
            max_budget_usd=limits.usd,
            hooks=self._hooks(conversation, turn),
            max_buffer_size=_FRAME_BYTES,
            stderr=turn.keep_stderr,
            env={
                "NIGHTSHIFT_LAUNCH": str(self._launch_file(conversation, token)),
                "NIGHTSHIFT_TOKEN": _PLACEHOLDER if self._is_shut else token.value,
            },
        )

    def _sandbox(self, conversation: Conversation) -> Any:
        """That of the CLI itself, where no box of ours holds the CLI."""
        if self._seatbelt is None:
            return None
        sandbox.room_of(conversation).mkdir(exist_ok=True)
        return sandbox.settings(conversation, self._seatbelt.private)

    def _hooks(self, conversation: Conversation, turn: Turn) -> dict[Any, list[sdk.HookMatcher]]:
        after = sdk.HookMatcher(hooks=[_hinting(conversation.hint)])
        if not conversation.branch:
            return {"PostToolUse": [after]}
        own = () if self._box.confines else (str(conversation.home),)
        rules = GuardRules(
            root=str(conversation.directory),
            issue=conversation.issue,
            branch=conversation.branch,
            writable=("/tmp", *own),
        )
        guard: Any = hook(lambda: rules, turn.refused.add)
        before = sdk.HookMatcher(matcher=TOOLS, hooks=[guard], on_failure="block")
        return {"PreToolUse": [before], "PostToolUse": [after]}

    def _launch_file(self, conversation: Conversation, token: Token) -> Path:
        """Beside the home, not in it: the agent must not write what the host starts."""
        hub = (conversation.hub,) if conversation.hub else ()
        words = self._box.wrap(
            [str(self._program)],
            Cell(
                directory=conversation.directory,
                writable=(conversation.directory, conversation.home),
                readable=(self._program, *hub),
                environment=self._inside(conversation, token),
                network=not self._is_shut,
                door=_door_of(conversation) if self._is_shut else None,
            ),
        )
        path = conversation.home.with_name("launch")
        path.write_bytes(b"".join(word.encode() + b"\0" for word in words))
        return path

    def _inside(self, conversation: Conversation, token: Token) -> dict[str, str]:
        temporary = {} if self._box.confines else {"TMPDIR": str(conversation.home)}
        if self._seatbelt:
            room = str(sandbox.room_of(conversation))
            temporary = {"TMPDIR": room, "HOME": room}
        address = DOOR_URL if self._is_shut else self._endpoint
        endpoint = {"ANTHROPIC_BASE_URL": address} if address else {}
        return {
            **({} if self._is_shut else self._environment),
            **temporary,
            **endpoint,
            **conversation.environment,
            token.variable: "9",
            "CLAUDE_CONFIG_DIR": str(conversation.home / "claude"),
            "CLAUDE_CODE_ENTRYPOINT": "sdk-py",
            "CLAUDE_AGENT_SDK_VERSION": metadata.version("claude-agent-sdk"),
            "CLAUDE_CODE_SDK_READS_SESSION_STATE": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
            "DISABLE_AUTOUPDATER": "1",
            "CLAUDE_CODE_MAX_RETRIES": "0",  # one layer retries, and it is ours
            "API_TIMEOUT_MS": "300000",
        }


async def _talk(options: sdk.ClaudeAgentOptions, prompt: str, turn: Turn) -> SessionEnd:
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
        why = "; ".join([_named(error), *turn.stderr])
        return died(turn, why)
    return ending(turn)


def _named(error: sdk.ClaudeSDKError) -> str:
    if isinstance(error, sdk.ProcessError) and error.exit_code is not None:
        return f"its program ended with exit code {error.exit_code}"
    return str(error).strip()


def _hinting(hint: Callable[[], str | None]) -> sdk.HookCallback:
    """Tells the agent, with a tool's result, what it should know by now."""

    async def after_tool(
        _input: sdk.HookInput, _call: str | None, _context: sdk.HookContext
    ) -> sdk.HookJSONOutput:
        text = hint()
        if text is None:
            return {}
        return {"hookSpecificOutput": {"hookEventName": "PostToolUse", "additionalContext": text}}

    return after_tool


def _server(tools: tuple[HostTool, ...]) -> sdk.McpSdkServerConfig:
    return sdk.create_sdk_mcp_server(_SERVER, "1", [_sdk_tool(one) for one in tools])


def _sdk_tool(tool: HostTool) -> sdk.SdkMcpTool[Any]:
    async def handle(arguments: dict[str, Any]) -> dict[str, Any]:
        reply = await tool.handle(arguments)
        return {"content": [{"type": "text", "text": reply.text}], "is_error": reply.failed}

    return sdk.SdkMcpTool(tool.name, tool.description, dict(tool.schema), handle)
