"""The provider for the chat screen: a connection with the selected model and preset, sign-in, and the demo."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from typing import TYPE_CHECKING
from weakref import WeakSet

from tui.anthropic.credentials import LOGIN, Credential, Discovery, OAuthToken
from tui.anthropic.destinations import check_destination
from tui.anthropic.login import NO_FILE, Unusable
from tui.chat.exchange import Exchange
from tui.chat.model import Model
from tui.chat.reasoning import Reasoning, parse_request_settings
from tui.chat.request import RequestBuilder
from tui.chat.session import Session
from tui.chat.tools import Access, PermissionDecision
from tui.chat.transcript import Draft, Message, Transcript
from tui.config import Preset, Settings
from tui.errors import TuiError
from tui.render.safe import safe
from tui.services.connection import Connection
from tui.services.model_list import utc_today
from tui.services.ports import SignInOption, ToolServer, WorkspaceRequired
from tui.services.toolset import Toolset, load_tools

if TYPE_CHECKING:
    from tui.anthropic.cache_misses import SentRequest as Sent
    from tui.chat.cache import CacheMap, Miss
    from tui.chat.titles import GeneratedTitle
    from tui.mcp.servers import Servers
    from tui.services.sign_in import CheckedCredential


class NoLogin(TuiError):
    """Claude Code's login cannot be used."""


class KeyRefused(TuiError):
    """The server rejects a pasted key."""


class NoPreset(TuiError):
    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f'Unknown preset "{name}".', f"Known presets: {', '.join(known) or 'none'}.")


class ClaudeProvider:
    """The connection in use. Signing in and the demo replace it; running requests continue on the old one."""

    def __init__(
        self,
        settings: Settings,
        env: Mapping[str, str],
        *,
        demo: bool = False,
        model: str | None = None,
        system: str | None = None,
        preset: str = "",
        tools: Access | None = None,
        today: Callable[[], date] = utc_today,
    ) -> None:
        """`model`, `system` and `tools` override the preset. `today` is as for a Connection. Raises NoPreset."""
        self._today = today
        self._settings = settings
        self._env = env
        self._system = system
        self._tools = tools
        self._toolsets: WeakSet[Toolset] = WeakSet()
        self._added_rules: list[str] = []
        """Permission rules added since the settings were read."""
        self._open = ExitStack()
        self._connections: list[Connection] = []
        self.warn: Callable[[str], None] = lambda _: None
        """Called with warnings about the credential in use, from any thread."""
        self._connect(Connection(settings, env, demo=demo, today=today))
        self._apply_preset(preset)
        self._model_name = model or self._preset_settings.model or ""
        self._login: OAuthToken | None = None
        self._checked: CheckedCredential | None = None
        """The key that the server accepted last."""
        self._choice = self._connection.choose(self._model_name)

    def __enter__(self) -> ClaudeProvider:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _connect(self, connection: Connection) -> None:
        connection.warn = lambda text: self.warn(text)
        self._connections.append(self._open.enter_context(connection))

    @property
    def _connection(self) -> Connection:
        return self._connections[-1]

    async def aclose(self) -> None:
        """Close all connections. Runs on the engine's loop."""
        for connection in self._connections:
            await connection.aclose()

    def load(self) -> None:
        """Load the modules of a new conversation, on any thread."""
        if self.default_tools != "none":
            load_tools()

    # Models and conversations

    @property
    def model(self) -> Model:
        return _drawable(self._connection.as_served(self._choice.model))

    @property
    def notice(self) -> str:
        """A notice about the configured model, or ""."""
        return self._choice.notice

    def use(self, name: str) -> str:
        self._choice = self._connection.choose(name)
        self._model_name = name
        return self._choice.notice

    @property
    def presets(self) -> Mapping[str, str]:
        return {name: _describe_preset(preset) for name, preset in self._settings.presets.items()}

    @property
    def preset(self) -> str:
        return self._preset

    @property
    def preset_system(self) -> str | None:
        return self._preset_settings.system

    def use_preset(self, name: str) -> None:
        self._apply_preset(name)
        if self._preset_settings.model:
            self.use(self._preset_settings.model)

    def _apply_preset(self, name: str) -> None:
        if name and name not in self._settings.presets:
            raise NoPreset(name, self._settings.presets)
        self._preset = name
        self._preset_settings = self._settings.presets.get(name, Preset())
        self.reasoning = self._usual_reasoning

    @property
    def _usual_reasoning(self) -> Reasoning:
        return Reasoning(thinking=self._preset_settings.thinking, effort=self._preset_settings.effort)

    def models(self) -> Sequence[Model]:
        return tuple(map(_drawable, self._connection.models()))

    def name_of(self, model_id: str) -> str:
        name = next((model.name for model in self._connection.models() if model.id == model_id), model_id)
        return safe(name, keep_newlines=False)

    @property
    def wants_models(self) -> bool:
        """True if the cached model list is older than a day."""
        return self._connection.wants_models

    async def refresh_models(self) -> None:
        """Request the server's model list, on the engine's loop. Open chats keep their model."""
        await self._connection.refresh_models()

    def session(self) -> Session:
        self._choice = self._connection.choose(self._model_name)
        self.reasoning = self._usual_reasoning
        system = self._preset_settings.system if self._system is None else self._system
        session = self._connection.session(system, access=self.default_tools)
        assert isinstance(session.toolbox, Toolset), "the connection creates it"
        session.toolbox.learn(self._added_rules)
        session.toolbox.allowed_always = self._share_rule
        self._toolsets.add(session.toolbox)
        return session

    def _share_rule(self, rule: str) -> None:
        """Apply a permanent rule to every open chat, and to new ones."""
        self._added_rules.append(rule)
        for toolset in tuple(self._toolsets):
            toolset.learn((rule,))

    @property
    def default_tools(self) -> Access:
        return self._tools or self._preset_settings.tools or self._settings.default.tools or "ask"

    def answer_permission_request(self, call_id: str, verdict: PermissionDecision) -> None:
        for toolset in tuple(self._toolsets):
            toolset.answer(call_id, verdict)

    @property
    def servers(self) -> Sequence[ToolServer]:
        servers = self._servers
        return [ToolServer(*one) for one in servers.statuses] if servers is not None else ()

    async def restart_server(self, name: str) -> str:
        servers = self._servers
        assert servers is not None, "the screen lists it"
        return await servers.restart(name)

    async def refresh_tools(self, session: Session) -> None:
        assert isinstance(session.toolbox, Toolset), "the connection creates it"
        if self._servers is not None:
            await self._servers.start()
        session.toolbox.renew()

    def tool_changes(self, session: Session) -> tuple[int, int]:
        assert isinstance(session.toolbox, Toolset), "the connection creates it"
        return session.toolbox.pending_changes

    @property
    def _servers(self) -> Servers | None:
        """The MCP servers, which all connections share."""
        return next((one.servers for one in self._connections if one.servers is not None), None)

    def ask(self, compact: str | None = None) -> RequestBuilder:
        chosen = self.reasoning
        return self._connection.ask(self._choice, effort=chosen.effort, thinking=chosen.thinking, compact=compact)

    async def count(self, transcript: Transcript, draft: Draft) -> int:
        chosen = self.reasoning
        return await self._connection.count(
            transcript, draft, self._choice, effort=chosen.effort, thinking=chosen.thinking
        )

    @property
    def makes_titles(self) -> bool:
        return self._settings.ui.titles and not self.is_demo

    async def title(self, transcript: Transcript) -> GeneratedTitle:
        from tui.services.titles import generate_title  # first needed after the first answer

        return await generate_title(self._connection, transcript)

    # The prompt cache

    def body(self, transcript: Transcript, answer: Message) -> bytes:
        choice = self._connection.choose(answer.model)
        chosen = parse_request_settings(answer.settings) if answer.settings else self.reasoning
        return self._connection.body(
            transcript, choice, effort=chosen.effort, thinking=chosen.thinking, change=answer.change
        )

    def cache_map(self, exchange: Exchange) -> CacheMap:
        from tui.anthropic.cache_map import cache_map  # first needed when the user looks at it
        from tui.chat.cache import CacheMap

        if exchange.answer is None:
            return CacheMap()
        return cache_map(exchange.body, self._model_of(exchange.answer), exchange.answer.usage)

    def miss(self, before: Exchange | None, now: Exchange) -> Miss | None:
        from tui.anthropic.cache_misses import miss_reason, too_short
        from tui.anthropic.request import dialect_for

        if now.answer is None:
            return None
        model, sent = self._model_of(now.answer), _sent(now.body, now.answer)
        if before is None or before.answer is None:
            caches = dialect_for(self._settings.anthropic.dialect, model) == "anthropic"
            return too_short(sent, model) if caches else None
        return miss_reason(_sent(before.body, before.answer), sent, model)

    def _model_of(self, answer: Message) -> Model:
        return self._connection.choose(answer.model).model

    # The demo

    @property
    def is_demo(self) -> bool:
        return self._connection.demo

    def use_demo(self) -> None:
        self._connect(Connection(self._settings, self._env, demo=True, today=self._today))

    # Signing in

    @property
    def obstacle(self) -> TuiError | None:
        return self._connection.obstacle

    @property
    def credential_problem(self) -> str:
        found = self._connection.found
        return "" if found.credential else " ".join(f"{cause}." for cause in found.causes)

    @property
    def credential_notice(self) -> str:
        return self._connection.credential_notice

    @property
    def sign_in_options(self) -> Sequence[SignInOption]:
        demo = SignInOption("demo", "Try the demo", "scripted answers, no key, no network")
        if self._settings.obstacle is not None:  # a key would not help
            return (demo,)
        return (
            SignInOption("key", "Paste an API key", "checked, then stored for you only (0600)"),
            SignInOption("login", "Use Claude Code's login", self._why_no_login(), is_available=False),
            demo,
        )

    def _why_no_login(self) -> str:
        """Return why Claude Code's login is not used. If it could be, prx would not ask for a way to sign in."""
        found = self._connection.found
        if found.credential is not None:
            return "must not be sent to this api_url"
        reason = next((one.reason for one in found.considered if one.source.startswith(LOGIN)), "")
        own = ("CLAUDE_SECURESTORAGE_CONFIG_DIR", "CLAUDE_CONFIG_DIR")
        named = next((name for name in own if name in self._env), "")
        place = f"${named}" if self._env.get(named, "").strip() else "~/.claude"
        return f"no {place}/.credentials.json" if reason in ("", NO_FILE) else reason

    async def check_key(self, secret: str, workspace_id: str) -> None:
        from tui.anthropic.errors import AuthenticationFailed
        from tui.services import sign_in  # here and below: not needed for the first paint

        try:
            self._checked = await sign_in.check_key(self._settings, secret, workspace_id)
        except sign_in.WorkspaceRequired as error:
            raise WorkspaceRequired(error.message, error.hint) from error
        except AuthenticationFailed as error:  # its hint is about a configured key
            raise KeyRefused(f"The server rejected this key: {error.message}") from error

    def store_key(self, secret: str) -> str:
        from tui.services import sign_in

        assert self._checked is not None, "check_key was called"
        sign_in.store_key(self._settings, secret, self._checked.workspace_id)
        self._sign_in(self._checked.credential)
        return self._signed_in("the key is stored", sign_in.overriding_source(self._settings, self._env))

    def find_login(self) -> str:
        from tui.services import sign_in

        login = sign_in.claude_code_login(self._env)
        if isinstance(login, Unusable):
            raise NoLogin(f"Claude Code's login: {login.reason}")
        check_destination(login, self._settings.anthropic.api_url, self._settings.anthropic.oauth_hosts)
        self._login = login
        return sign_in.describe_login(login)

    def use_login(self) -> str:
        from tui.services import sign_in

        assert self._login is not None, "find_login was called"
        self._sign_in(self._login)
        return self._signed_in(
            "with Claude Code's login", sign_in.overriding_source(self._settings, self._env, login=True)
        )

    def _sign_in(self, credential: Credential) -> None:
        self._connect(
            Connection(self._settings, self._env, found=Discovery(credential), servers=self._servers, today=self._today)
        )

    def _signed_in(self, how: str, other: str) -> str:
        return f"signed in; the next start uses {other} instead" if other else f"signed in, {how}"


def _describe_preset(preset: Preset) -> str:
    thinking = f"thinking {preset.thinking}" if preset.thinking else ""
    effort = f"effort {preset.effort}" if preset.effort else ""
    tools = f"tools {preset.tools}" if preset.tools else ""
    return " · ".join(filter(None, (preset.model, thinking, effort, tools, preset.system)))


def _sent(body: bytes, answer: Message) -> Sent:
    from tui.anthropic.cache_misses import SentRequest

    return SentRequest(body=body, at=answer.at, usage=answer.usage, reported=answer.cache_miss)


def _drawable(model: Model) -> Model:
    """Return the model with a name that is safe to draw: servers and answers may use any characters."""
    name = safe(model.name, keep_newlines=False)
    if name == model.name:
        return model
    from msgspec.structs import replace

    return replace(model, name=name)
