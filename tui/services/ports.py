"""The interfaces between the screens and the services: the provider of answers and the library of chats.

`services.provider` and `services.library` implement them; the app hands them to the chat screen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from tui.chat.exchange import Exchange
from tui.chat.model import Model
from tui.chat.reasoning import Reasoning
from tui.chat.request import RequestBuilder
from tui.chat.session import Session
from tui.chat.tools import Access, PermissionDecision
from tui.chat.transcript import Draft, Message, Transcript
from tui.errors import TuiError

if TYPE_CHECKING:
    from tui.chat.cache import CacheMap, Miss
    from tui.chat.titles import GeneratedTitle
    from tui.chat.tree import ChatTree
    from tui.store import Store


class WorkspaceRequired(TuiError):
    """The server accepts the key only together with the ID of a workspace, or with another ID."""


class SignInOption(NamedTuple):
    """A way to get answers without a credential in the settings."""

    name: Literal["key", "login", "demo"]
    text: str
    detail: str
    is_available: bool = True
    """False if it does not seem to work now. Choosing it checks again."""


class ToolServer(NamedTuple):
    """An MCP server and its state."""

    name: str
    state: str
    tools: int
    """How many tools it offers."""
    error: str
    """Why it failed last, or ""."""


class Provider(Protocol):
    """Claude as the chat screen uses it: models, credentials, sessions, tools and the prompt cache."""

    warn: Callable[[str], None]
    """Called with warnings about the credential in use, from any thread. Set by the screen."""

    reasoning: Reasoning
    """Thinking and effort of the next turn. A new conversation starts with those of its preset."""

    @property
    def model(self) -> Model:
        """The model of the next turn."""

    @property
    def obstacle(self) -> TuiError | None:
        """Why nothing can be sent, or None."""

    @property
    def credential_problem(self) -> str:
        """Why the credentials that exist cannot be used, if none can; or ""."""

    @property
    def credential_notice(self) -> str:
        """A note about the account that pays, or ""."""

    @property
    def sign_in_options(self) -> Sequence[SignInOption]:
        """What the user can do about the obstacle."""

    async def check_key(self, secret: str, workspace_id: str) -> None:
        """Check a key with the server, in this workspace unless it is "". Runs on the engine's loop.

        Raises WorkspaceRequired if the user has to enter a workspace, and another TuiError if the key is refused.
        """

    def store_key(self, secret: str) -> str:
        """Store the key that was checked last and use it from the next turn on. Return a message for the user.

        Waits for the disk. Raises TuiError.
        """

    def find_login(self) -> str:
        """Find Claude Code's login and describe it. May wait for a program. Raises TuiError if it cannot be used."""

    def use_login(self) -> str:
        """Use the login from `find_login` from the next turn on. Return a message for the user."""

    @property
    def is_demo(self) -> bool:
        """True if the simulator answers."""

    def use(self, name: str) -> str:
        """Select the model of the next turn by family or ID. Return a notice if another model answers. Raises TuiError."""

    def models(self) -> Sequence[Model]:
        """Return all models, newest first within a family."""

    def name_of(self, model_id: str) -> str:
        """Return the display name of a model."""

    @property
    def presets(self) -> Mapping[str, str]:
        """The name of each preset with a description of what it sets."""

    @property
    def preset(self) -> str:
        """The name of the preset in use, or ""."""

    @property
    def preset_system(self) -> str | None:
        """The system prompt of the preset in use, or None if it sets none."""

    def use_preset(self, name: str) -> None:
        """Apply a preset to the next turn and to new conversations; "" for none. Raises TuiError."""

    def load(self) -> None:
        """Load the modules of a new conversation, on any thread. Otherwise `Session.offer_tools` loads them."""

    def session(self) -> Session:
        """Return a new, empty conversation."""

    @property
    def default_tools(self) -> Access:
        """What Claude may do in a new conversation. `Session.use_tools` changes it for one conversation."""

    def answer_permission_request(self, call_id: str, verdict: PermissionDecision) -> None:
        """Answer the permission question of a call in any chat. Ignored if it is already answered."""

    @property
    def servers(self) -> Sequence[ToolServer]:
        """The MCP servers of the configuration."""

    async def restart_server(self, name: str) -> str:
        """Restart an MCP server and return its new state in words. Runs on the engine's loop."""

    async def refresh_tools(self, session: Session) -> None:
        """Offer the current tools of the MCP servers in this session. Runs on the engine's loop."""

    def tool_changes(self, session: Session) -> tuple[int, int]:
        """Return how many tools `refresh_tools` would add or change, and how many it would remove."""

    def ask(self, compact: str | None = None) -> RequestBuilder:
        """Return the function that sends a turn with the current model and settings.

        With `compact` it asks for a summary that keeps what that says.
        """

    async def count(self, transcript: Transcript, draft: Draft) -> int:
        """Return the input tokens of the draft after this transcript, counted by the server. Raises TuiError.

        Runs on the engine's loop.
        """

    @property
    def makes_titles(self) -> bool:
        """True if new chats get a generated title."""

    async def title(self, transcript: Transcript) -> GeneratedTitle:
        """Generate a title for the conversation. Runs on the engine's loop. Raises TuiError."""

    def body(self, transcript: Transcript, answer: Message) -> bytes:
        """Return the request body that produced this answer, built again for display."""

    def cache_map(self, exchange: Exchange) -> CacheMap:
        """Return what a request read from the prompt cache; an empty map while there is no answer."""

    def miss(self, before: Exchange | None, now: Exchange) -> Miss | None:
        """Return why a request read less from the cache than the one before it had written, or None if it did not.

        Without one before: why the first request of a chat wrote nothing.
        """

    def use_demo(self) -> None:
        """Switch to the simulator."""


class Library(Protocol):
    """The chat stores as the screens use them."""

    trouble: Callable[[TuiError], None]
    """Called with each disk problem, from any thread. Set by the screen."""

    changed: Callable[[str], None]
    """Called with the ID of the open chat when another process may have changed it, from any thread. Set by the screen."""

    restored: Callable[[str], None]
    """Called with the ID of a chat that was deleted here when another process has restored it. Set by the screen."""

    now: Callable[[], float]
    """The wall clock, in seconds since the epoch."""

    @property
    def has_backlog(self) -> bool:
        """True while there are changes that are not on disk yet."""

    def store(self, *, demo: bool) -> Store:
        """Return the store, opened on first use."""

    def export(self, tree: ChatTree, kind: str, name_of: Callable[[str], str]) -> Path:
        """Write a chat to a new file in the current folder, as md, html or json, and return its path. Raises TuiError."""
