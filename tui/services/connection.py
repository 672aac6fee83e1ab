"""From settings to an answer: which model a name means, which credential is used, and how a conversation is sent.

The one place where the configuration meets the provider, for the full screen and for `-p` alike. Nothing here is sent, and
httpx is not loaded, before the first request.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from tui.anthropic.credentials import ApiKey, Credential, Discovery, OAuthToken, discover
from tui.anthropic.destinations import check_destination
from tui.anthropic.model_cache import read_list, write_list
from tui.anthropic.models import ModelChoice, find
from tui.chat import ledger
from tui.chat.asking import Ask, Request
from tui.chat.budget import Budget
from tui.chat.ledger import Bill
from tui.chat.model import Effort, Model
from tui.chat.session import Session
from tui.chat.spending import is_billed
from tui.chat.thinking import ThinkingMode
from tui.chat.tools import Access
from tui.chat.transcript import BlockPosition, Draft, Message, Transcript
from tui.config import Settings
from tui.errors import TuiError
from tui.services.attachments import AttachmentResolver, within_one_request
from tui.services.model_list import choose, corrected, known_models, list_file, utc_today
from tui.services.toolset import Toolset

if TYPE_CHECKING:
    from tui.anthropic.client import Client
    from tui.anthropic.thinking_repair import ThinkingRepair
    from tui.anthropic.workspace import Workspace
    from tui.mcp.servers import Servers


class Connection:
    """The provider under these settings. `with` it; requests are made, and closed, on one event loop.

    With `demo`, the provider is the built-in simulator: it starts with the first request and ends with the block.
    """

    def __init__(
        self,
        settings: Settings,
        env: Mapping[str, str],
        *,
        demo: bool = False,
        found: Discovery | None = None,
        servers: Servers | None = None,
        today: Callable[[], date] = utc_today,
    ) -> None:
        """`found` is a credential that was found already; without it, it is looked for. `servers`: of tools, as they were
        started by another connection. `today` gives the day by which models of the table are retired.
        """
        self.settings = settings
        self.demo = demo
        self._today = today
        self._listed = None if demo else read_list(list_file(settings))
        self.live: tuple[Model, ...] = self._listed.models if self._listed else ()
        """What the server's own list said when it was asked last, maybe at an earlier start."""
        self.found = found or (Discovery() if demo else discovered(settings, env))
        """The credential in use, or why there is none; the simulator needs none of the user's."""
        self.servers = servers or (None if demo else _servers(settings, lambda text: self.warn(text)))
        """Those of the configuration, which start with the first chat that may use them; the simulator needs none."""
        self._owns_servers = servers is None
        self.warn: Callable[[str], None] = lambda _: None
        """Is told, from any thread, what the user should know of that credential while it is in use."""
        self._client: Client | None = None
        self._open = ExitStack()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def models(self) -> tuple[Model, ...]:
        """Every model to choose from, newest first within a family."""
        return known_models(self.settings, self.live, self._today())

    def choose(self, name: str = "") -> ModelChoice:
        """The model that a family or an ID means. No name: the configured one."""
        return choose(self.settings, name, self.live, self._today())

    def bill(self, message: Message) -> Bill | None:
        """What an answer cost; None where its model's price is unknown."""
        if not is_billed(message):
            return Bill()
        model = next((model for model in self.live if model.id == message.model), None) or find(message.model)
        return ledger.bill(message.usage, corrected(model, self.settings))

    @property
    def obstacle(self) -> TuiError | None:
        """Why nothing can be sent: a mistake in the configuration, no credential, one that may not go to `api_url`, or no
        ID of a workspace where one should be.

        None where all is well.
        """
        if self.demo:
            return None
        if (mistake := self.settings.obstacle) is not None:
            return mistake
        try:
            credential = self.found.require()
            check_destination(credential, self.settings.anthropic.api_url, self.settings.anthropic.oauth_hosts)
            workspace_of(self.settings, credential)
        except TuiError as error:
            return error
        return None

    @property
    def remark(self) -> str:
        """What the user should know of the credential in use: that it is Claude Code's login, and what that means."""
        credential = self.found.credential
        if not isinstance(credential, OAuthToken) or not credential.is_claude_code_login:
            return ""
        plan = f" ({credential.plan} plan)" if credential.plan else ""
        return (
            f"No API key is set: Claude Code's login{plan} is used. Anthropic intends it for Claude Code and may refuse or "
            "bill it here; an API key is the supported way."
        )

    def session(self, system: str | None = None, *, access: Access = "none", asks: bool = True) -> Session:
        """A new, empty conversation. No system prompt: the configured one, else in the demo the simulator's own.

        `access`: what Claude may do in it. Without `asks`, whatever would ask the user first is refused.
        """
        if system is None:
            system = self.settings.default.system
        if not system and self.demo:
            from tui.demo.briefing import BRIEFING as system  # the demo alone needs it
        session = Session(Transcript(system=system), bill=self.bill)

        def seeing() -> Model:
            return session.model or self.choose().model

        session.sight = AttachmentResolver(seeing)
        session.toolbox = toolset = Toolset(
            self.settings,
            seeing,
            lambda text: self.warn(text),
            access=access,
            asks=asks,
            servers=self.servers,
        )
        toolset.offered = lambda: session.transcript.tools
        if self.servers is not None:
            session.get_ready = toolset.prepare
        session.most_requests = self.settings.tools.turns
        return session

    def ask(
        self,
        choice: ModelChoice,
        *,
        effort: Effort | None = None,
        thinking: ThinkingMode | None = None,
        show_thinking: bool = True,
    ) -> Ask:
        """A session's way to send its transcript to that model. It raises the `obstacle` where there is one."""

        def ask(transcript: Transcript) -> Request:
            # httpx and all that a request needs is loaded here, and so on the thread that sends it.
            from tui.anthropic.rejections import rejected_blocks, rejected_tools
            from tui.anthropic.request import dialect_for
            from tui.chat.reasoning import Reasoning, manner

            client = self._connected()
            transcript = self._repair.fitting(transcript)
            encoded = self._encoder(transcript, choice, effort=effort, thinking=thinking, show_thinking=show_thinking)

            def built(conversation: Transcript) -> bytes:
                return within_one_request(encoded(conversation))

            body = built(transcript)
            is_first = all(message.model != choice.model.id for message in transcript.messages)
            notices = (choice.notice,) if choice.notice and is_first else ()
            stream = partial(self._repair.stream, client.stream, transcript, body, built)
            dialect = dialect_for(self.settings.anthropic.dialect, choice.model)

            def refused(error: BaseException | None) -> tuple[BlockPosition, ...]:
                return rejected_blocks(error, self._repair.fitting(transcript).messages, choice.model, dialect)

            how = manner(choice.model, Reasoning(effort=effort, thinking=thinking))
            return Request(
                choice.model.id, body, stream, notices, how, refused, partial(rejected_tools, tools=transcript.tools)
            )

        return ask

    async def count(
        self,
        transcript: Transcript,
        draft: Draft,
        choice: ModelChoice,
        *,
        effort: Effort | None = None,
        thinking: ThinkingMode | None = None,
    ) -> int:
        """How many input tokens sending the draft would take, as the server counts them. Raises TuiError."""
        resolver = AttachmentResolver(lambda: choice.model)
        prompt = Message(role="user", blocks=(*draft.attachments, *await resolver.blocks(draft.text)))
        asked = self._repair.fitting(await resolver.fitted(transcript.with_message(prompt)))
        body = partial(self.body, choice=choice, effort=effort, thinking=thinking)
        return await self._repair.counted(self._connected().count_tokens, asked, body)

    def body(
        self,
        transcript: Transcript,
        choice: ModelChoice,
        *,
        effort: Effort | None = None,
        thinking: ThinkingMode | None = None,
    ) -> bytes:
        """The body of the request that continues a transcript, for looking at."""
        return self._encoder(transcript, choice, effort=effort, thinking=thinking)(transcript)

    def _encoder(
        self,
        transcript: Transcript,
        choice: ModelChoice,
        *,
        effort: Effort | None = None,
        thinking: ThinkingMode | None = None,
        show_thinking: bool = True,
    ) -> Callable[[Transcript], bytes]:
        """Makes the bodies of a request: of this transcript, and of what a repair leaves of it."""
        from tui.anthropic.request import Options, build_body, dialect_for, encode
        from tui.chat.reasoning import Reasoning, manner
        from tui.chat.warmth import lifetime_for

        how = manner(choice.model, Reasoning(effort=effort, thinking=thinking))
        options = Options(
            model=choice.model,
            effort=effort,
            thinking=thinking,
            show_thinking=show_thinking,
            lifetime=lifetime_for(transcript, choice.model, manner=how),
            dialect=dialect_for(self.settings.anthropic.dialect, choice.model),
        )
        return lambda conversation: encode(build_body(conversation, options))

    @property
    def wants_models(self) -> bool:
        """Whether the server's list is due to be asked for: there is none of this day, and a credential to ask with."""
        if self.demo or self.obstacle is not None:
            return False
        return self._listed is None or not self._listed.is_fresh(time.time())

    async def refresh_models(self) -> None:
        """Asks for the server's list behind the scenes, and keeps it for other starts. What fails is left for the next.

        A server without a list counts as one with an empty one.
        """
        from tui.anthropic.errors import NotFound

        try:
            await self.list_models()
        except NotFound:
            self.live = ()
        except TuiError:
            return
        self._listed = await asyncio.to_thread(write_list, list_file(self.settings), self.live, time.time())

    async def list_models(self) -> tuple[Model, ...]:
        """The models that the server offers, which from then on go before our table. Raises ProviderError."""
        self.live = await self._connected().list_models()
        return self.models()

    async def aclose(self) -> None:
        """Closes what is open to the provider, and ends the servers. On the loop that asked."""
        if self._client is not None:
            await self._client.aclose()
        if self.servers is not None and self._owns_servers:
            await self.servers.aclose()

    @cached_property
    def _repair(self) -> ThinkingRepair:
        from tui.anthropic.thinking_repair import ThinkingRepair  # with the first request, like the client

        return ThinkingRepair()

    def _connected(self) -> Client:
        if self._client is None:
            from tui.anthropic.auth import auth_for
            from tui.anthropic.client import Client

            settings = self.settings.anthropic
            if not self.demo and (mistake := self.settings.obstacle) is not None:
                raise mistake
            url, credential = self._simulator() if self.demo else (settings.api_url, self.found.require())
            auth = auth_for(
                credential,
                url,
                settings.oauth_hosts,
                token_url=settings.oauth_token_url,
                warn=lambda text: self.warn(text),
            )
            workspace = None if self.demo else workspace_of(self.settings, credential)
            self._client = Client(
                url, auth, credential=credential.kind, workspace=workspace, warn=lambda text: self.warn(text)
            )
        return self._client

    def _simulator(self) -> tuple[str, Credential]:
        """Starts it. Returns its address and a key that it takes."""
        from tui.demo.service import DEMO_KEY
        from tui.demo.shells import start_demo

        return self._open.enter_context(start_demo()).url, ApiKey(key=DEMO_KEY, source="the built-in simulator")


def discovered(settings: Settings, env: Mapping[str, str]) -> Discovery:
    """The credential that these settings and this environment lead to, and why not the others."""
    return discover(settings.anthropic.api_key, env, Path.home(), stored=key_file(settings))


def key_file(settings: Settings) -> Path:
    """Where `prx auth login` stores what it is given."""
    return settings.folders.data / "credentials.json"


def workspace_of(settings: Settings, credential: Credential) -> Workspace | None:
    """The workspace that requests with that credential are made in, where one is set. Raises NotAWorkspace."""
    configured = settings.anthropic.workspace_id
    if not configured and not (isinstance(credential, ApiKey) and credential.workspace_id):
        return None
    from tui.anthropic.workspace import workspace_for  # few keys need one

    origin = settings.origin("providers.anthropic.workspace_id")
    source = origin if origin == "ANTHROPIC_WORKSPACE_ID" else f"workspace_id ({origin})"
    return workspace_for(credential, configured, source)


def budget_of(settings: Settings) -> Budget:
    """The limits that these settings set."""
    return Budget(**{name: getattr(settings.budget, name) or None for name in Budget.__struct_fields__})


def _servers(settings: Settings, warn: Callable[[str], None]) -> Servers | None:
    if not settings.mcp:
        return None
    from tui.mcp.servers import Servers

    return Servers(
        settings.mcp,
        folder=Path.cwd(),
        logs=settings.folders.state / "mcp",
        call_limit_s=settings.tools.command_timeout_s,
        warn=warn,
    )
