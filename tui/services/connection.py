"""A connection to the provider, made from the settings: its models, its credential and its requests.

Used by the full screen and by `prx -p`. httpx is imported with the first request.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from tui.anthropic.credentials import ApiKey, BearerToken, Credential, Discovery, OAuthToken, discover
from tui.anthropic.destinations import check_destination
from tui.anthropic.model_cache import read_list, write_list
from tui.anthropic.models import ModelChoice, find
from tui.chat import ledger
from tui.chat.budget import Budget
from tui.chat.ledger import Bill
from tui.chat.model import Effort, Model
from tui.chat.request import Request, RequestBuilder, Stream
from tui.chat.session import Session
from tui.chat.spending import is_billed
from tui.chat.thinking import ThinkingMode
from tui.chat.tools import Access
from tui.chat.transcript import BlockPosition, Change, Draft, Message, Transcript
from tui.config import Settings
from tui.errors import TuiError
from tui.services.attachments import AttachmentResolver, within_one_request
from tui.services.model_list import choose, corrected, known_models, list_file, utc_today
from tui.services.toolset import Toolset, mcp_servers

if TYPE_CHECKING:
    from tui.anthropic.client import Client
    from tui.anthropic.request import Options as RequestOptions
    from tui.anthropic.thinking_repair import ThinkingRepair
    from tui.anthropic.workspace import Workspace
    from tui.mcp.servers import Servers


class Connection:
    """Context manager for requests to the provider. Use and close it on one event loop.

    With `demo`, the provider is the built-in simulator. It starts with the first request and ends with the block.
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
        """Find the credential, unless it is given as `found`.

        `servers` are MCP servers of another connection, to be shared. `today` returns the date for retirements of models.
        """
        self.settings = settings
        self.demo = demo
        self._today = today
        self._listed = None if demo else read_list(list_file(settings))
        self.live: tuple[Model, ...] = self._listed.models if self._listed else ()
        """The models of the server's list, from the cache or from `list_models`."""
        self.found = found or (Discovery() if demo else find_credential(settings, env))
        """The credential in use, or why there is none. Empty for the simulator."""
        self.servers = servers or (None if demo else mcp_servers(settings, lambda text: self.warn(text)))
        """The MCP servers of the configuration, started by the first chat that can use them. None for the simulator."""
        self._owns_servers = servers is None
        self.warn: Callable[[str], None] = lambda _: None
        """Called with warnings about the credential, from any thread."""
        self._takes_changes = settings.anthropic.dialect != "basic"
        """False once the server has rejected `system` messages within a chat."""
        self._client: Client | None = None
        self._open = ExitStack()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def models(self) -> tuple[Model, ...]:
        """Return all models, newest first within a family."""
        return known_models(self.settings, self.live, self._today())

    def choose(self, name: str = "") -> ModelChoice:
        """Return the model that a family or an ID stands for. Without a name: the configured model."""
        return choose(self.settings, name, self.live, self._today())

    def as_served(self, model: Model) -> Model:
        """Return the model with what this server lets an open chat change (`Model.in_chat`)."""
        return model if self._takes_changes or not model.in_chat else replace(model, in_chat=())

    def bill(self, message: Message) -> Bill | None:
        """Return what an answer cost, or None if the price of its model is unknown."""
        if not is_billed(message):
            return Bill()
        model = next((model for model in self.live if model.id == message.model), None) or find(message.model)
        return ledger.bill(message.usage, corrected(model, self.settings))

    @property
    def obstacle(self) -> TuiError | None:
        """Why nothing can be sent, or None.

        A mistake in the configuration, no credential, one that must not be sent to `api_url`, or an invalid workspace ID.
        """
        if self.demo:
            return None
        if (mistake := self.settings.obstacle) is not None:
            return mistake
        try:
            credential = self.found.require()
            check_destination(credential, api_url_for(self.settings, credential), self.settings.anthropic.oauth_hosts)
            workspace_of(self.settings, credential)
        except TuiError as error:
            return error
        return None

    @property
    def credential_notice(self) -> str:
        """A note that Claude Code's login is used and what that means, or ""."""
        credential = self.found.credential
        if not isinstance(credential, OAuthToken) or not credential.is_claude_code_login:
            return ""
        plan = f" ({credential.plan} plan)" if credential.plan else ""
        return (
            f"No API key is set, so Claude Code's login{plan} is used. Anthropic intends it for Claude Code and may refuse "
            "or bill it here; an API key is the supported way."
        )

    def session(self, system: str | None = None, *, access: Access = "none", asks: bool = True) -> Session:
        """Return a new, empty conversation.

        Without a system prompt it gets the configured one, or in the demo that of the simulator. `access` is what Claude may
        do. With `asks` False, calls that need permission are refused.
        """
        if system is None:
            system = self.settings.default.system
        if not system and self.demo:
            from tui.demo.system_prompt import BRIEFING as system  # used by the demo only
        session = Session(Transcript(system=system), bill=self.bill)

        def current_model() -> Model:
            return session.model or self.choose().model

        session.attachments = AttachmentResolver(current_model)
        session.toolbox = toolset = Toolset(
            self.settings,
            current_model,
            lambda text: self.warn(text),
            access=access,
            asks=asks,
            servers=self.servers,
        )
        toolset.offered = lambda: session.transcript.current.tools
        if self.servers is not None:
            session.start_tools = toolset.prepare
        session.most_requests = self.settings.tools.turns
        return session

    def ask(
        self,
        choice: ModelChoice,
        *,
        effort: Effort | None = None,
        thinking: ThinkingMode | None = None,
        show_thinking: bool = True,
        compact: str | None = None,
    ) -> RequestBuilder:
        """Return how to ask this model for an answer, or with `compact` for a summary. It raises the `obstacle`, if any."""

        def ask(transcript: Transcript) -> Request:
            # Imports httpx and everything for a request, on the thread that sends it.
            from tui.anthropic.changes_repair import REJECTED, stream_without_changes_if_rejected
            from tui.anthropic.rejections import rejected_blocks, rejected_tools
            from tui.anthropic.request import betas_for, build, changeable, dialect_for, encode
            from tui.chat.cache_state import prefix_hash
            from tui.chat.reasoning import Reasoning, request_settings

            client = self._connected()
            transcript = self._repair.without_rejected(transcript)
            options = self._options(transcript, choice, effort=effort, thinking=thinking, show_thinking=show_thinking)
            options = replace(options, compact=compact)

            def built(conversation: Transcript) -> bytes:
                return within_one_request(encode(build(conversation, options).body))

            ready = build(transcript, options)
            body = within_one_request(encode(ready.body))
            is_first = all(message.model != choice.model.id for message in transcript.messages)
            notices = (choice.notice,) if choice.notice and is_first else ()
            dialect = dialect_for(self.settings.anthropic.dialect, choice.model)
            model = changeable(options.model, dialect, thinking)

            def streamed() -> Stream:
                send = lambda body: client.stream(body, betas_for(body, transcript, options))  # noqa: E731
                first = self._repair.stream(send, transcript, body, built)
                return stream_without_changes_if_rejected(first, body, again)

            def again() -> Stream:
                self._takes_changes = False
                self.warn(REJECTED)
                return ask(transcript).stream()

            def refused(error: BaseException | None) -> tuple[BlockPosition, ...]:
                return rejected_blocks(error, self._repair.without_rejected(transcript).messages, model, dialect)

            return Request(
                model.id,
                body,
                streamed,
                notices,
                settings=request_settings(model, Reasoning(effort=effort, thinking=thinking), transcript),
                prefix=prefix_hash(transcript.for_model(model)),
                change=ready.change,
                rejected_blocks=refused,
                rejected_tools=partial(rejected_tools, tools=transcript.current.tools),
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
        """Return the input tokens of the draft after this transcript, counted by the server. Raises TuiError."""
        from tui.anthropic.request import betas_for

        resolver = AttachmentResolver(lambda: choice.model)
        prompt = Message(role="user", blocks=(*draft.attachments, *await resolver.resolve(draft.text)))
        asked = self._repair.without_rejected(await resolver.fit(transcript.with_message(prompt)))
        body = partial(self.body, choice=choice, effort=effort, thinking=thinking)
        client, options = self._connected(), self._options(asked, choice)
        count_tokens = lambda body: client.count_tokens(body, betas_for(body, asked, options))  # noqa: E731
        return await self._repair.count_tokens(count_tokens, asked, body)

    def body(
        self,
        transcript: Transcript,
        choice: ModelChoice,
        *,
        effort: Effort | None = None,
        thinking: ThinkingMode | None = None,
        change: Change | Literal["next"] | None = "next",
    ) -> bytes:
        """Return the body of the request that continues a transcript, for display. `change` is as for `request.Options`."""
        from tui.anthropic.request import build_body, encode

        options = self._options(transcript, choice, effort=effort, thinking=thinking)
        return encode(build_body(transcript, replace(options, change=change)))

    def _options(
        self,
        transcript: Transcript,
        choice: ModelChoice,
        *,
        effort: Effort | None = None,
        thinking: ThinkingMode | None = None,
        show_thinking: bool = True,
    ) -> RequestOptions:
        """Return the options of the request that continues this transcript, or a repaired version of it."""
        from tui.anthropic.request import Options, changeable, dialect_for
        from tui.chat.cache_state import lifetime_for
        from tui.chat.reasoning import Reasoning, request_settings

        dialect = dialect_for(self.settings.anthropic.dialect, choice.model)
        served = self.as_served(choice.model)
        model = changeable(served, dialect, thinking)
        how = request_settings(model, Reasoning(effort=effort, thinking=thinking), transcript)
        return Options(
            model=served,
            effort=effort,
            thinking=thinking,
            show_thinking=show_thinking,
            lifetime=lifetime_for(transcript, model, settings=how),
            dialect=dialect,
        )

    @property
    def wants_models(self) -> bool:
        """True if the cached model list is older than a day and a request can be sent."""
        if self.demo or self.obstacle is not None:
            return False
        return self._listed is None or not self._listed.is_fresh(time.time())

    async def refresh_models(self) -> None:
        """Request the server's model list and cache it. Failures are ignored; the next start tries again.

        A server without a list counts as one with an empty list.
        """
        from tui.anthropic.errors import NotFound

        try:
            await self.list_models()
        except NotFound:
            self.live = ()
        except TuiError:
            return
        import asyncio  # not needed by a new chat

        self._listed = await asyncio.to_thread(write_list, list_file(self.settings), self.live, time.time())

    async def list_models(self) -> tuple[Model, ...]:
        """Request the server's model list, which from then on overrides the built-in table. Raises ProviderError."""
        self.live = await self._connected().list_models()
        return self.models()

    async def aclose(self) -> None:
        """Close the HTTP connection and stop the MCP servers. Runs on the loop of the requests."""
        if self._client is not None:
            await self._client.aclose()
        if self.servers is not None and self._owns_servers:
            await self.servers.aclose()

    @cached_property
    def _repair(self) -> ThinkingRepair:
        from tui.anthropic.thinking_repair import ThinkingRepair  # imported with the first request, like the client

        return ThinkingRepair()

    def _connected(self) -> Client:
        if self._client is None:
            from tui.anthropic.auth import auth_for
            from tui.anthropic.client import Client

            settings = self.settings.anthropic
            if not self.demo and (mistake := self.settings.obstacle) is not None:
                raise mistake
            url, credential = self._simulator() if self.demo else self._address()
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

    def _address(self) -> tuple[str, Credential]:
        credential = self.found.require()
        return api_url_for(self.settings, credential), credential

    def _simulator(self) -> tuple[str, Credential]:
        """Start the simulator. Return its address and a key that it accepts."""
        from tui.demo.server import start_demo
        from tui.demo.service import DEMO_KEY

        return self._open.enter_context(start_demo()).url, ApiKey(key=DEMO_KEY, source="the built-in simulator")


def find_credential(settings: Settings, env: Mapping[str, str]) -> Discovery:
    """Find the credential for these settings and environment, and why others are not used."""
    return discover(settings.anthropic.api_key, env, Path.home(), stored=key_file(settings))


def api_url_for(settings: Settings, credential: Credential | None) -> str:
    """Return the address of requests: the configured one, else that of the profile in use, else Anthropic's."""
    is_configured = settings.origin("providers.anthropic.api_url") != "default"
    if isinstance(credential, OAuthToken) and credential.base_url and not is_configured:
        return credential.base_url
    return settings.anthropic.api_url


def key_file(settings: Settings) -> Path:
    """Return the path of the file in which `prx auth login` stores a key."""
    return settings.folders.data / "credentials.json"


def workspace_of(settings: Settings, credential: Credential) -> Workspace | None:
    """Return the workspace for requests with this credential, or None. Raises NotAWorkspace."""
    configured = settings.anthropic.workspace_id
    if not configured and (isinstance(credential, BearerToken) or not credential.workspace_id):
        return None
    from tui.anthropic.workspace import workspace_for  # rarely needed

    origin = settings.origin("providers.anthropic.workspace_id")
    source = origin if origin == "ANTHROPIC_WORKSPACE_ID" else f"workspace_id ({origin})"
    return workspace_for(credential, configured, source)


def budget_of(settings: Settings) -> Budget:
    """Return the budget limits of these settings."""
    return Budget(**{name: getattr(settings.budget, name) or None for name in Budget.__struct_fields__})
