"""What the chat screen needs to know of the side that talks to Claude. The app hands it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from tui.chat.asking import Ask
from tui.chat.exchange import Exchange
from tui.chat.model import Model
from tui.chat.reasoning import Reasoning
from tui.chat.session import Session
from tui.chat.tools import Access, Verdict
from tui.chat.transcript import Draft, Message, Transcript
from tui.errors import TuiError

if TYPE_CHECKING:
    from tui.chat.cache import CacheMap, Miss
    from tui.chat.titles import Titled


class WorkspaceWanted(TuiError):
    """The server takes the key once it is told the ID of a workspace, or of another one."""


class Way(NamedTuple):
    """A way to get an answer where nothing is set."""

    name: Literal["key", "login", "demo"]
    text: str
    detail: str
    is_open: bool = True
    """Whether it can be gone, as far as is known; choosing it looks again."""


class ToolServer(NamedTuple):
    """A server of tools, and how it stands."""

    name: str
    state: str
    tools: int
    error: str
    """Why it failed last, or ""."""


class Provider(Protocol):
    warn: Callable[[str], None]
    """To be set: is told, from any thread, what the user should know of the credential in use."""

    reasoning: Reasoning
    """What was chosen for the next turn. A new conversation begins as its preset says."""

    @property
    def model(self) -> Model:
        """The model of the next turn."""

    @property
    def obstacle(self) -> TuiError | None:
        """Why nothing can be sent, or None."""

    @property
    def cause(self) -> str:
        """Why the credentials that are there are of no use, where none is; or ""."""

    @property
    def remark(self) -> str:
        """What the user should know of the account that pays, or ""."""

    @property
    def ways_in(self) -> Sequence[Way]:
        """What can be done about the obstacle."""

    async def check_key(self, secret: str, workspace_id: str) -> None:
        """Asks the server whether it takes the key, in that workspace unless it is "". On the engine's loop.

        Raises WorkspaceWanted where the user has to name one, another TuiError where the key is refused.
        """

    def keep_key(self, secret: str) -> str:
        """Stores the key that was checked last, with its workspace, and has the next turn use it; what to say of that.

        Waits for the disk. Raises TuiError.
        """

    def find_login(self) -> str:
        """Looks for Claude Code's login, and describes it. May wait for a program. Raises TuiError where it is of no use."""

    def use_login(self) -> str:
        """Has the next turn use the login that was found; what to say of that. May wait like `find_login`."""

    @property
    def is_demo(self) -> bool: ...

    def use(self, name: str) -> str:
        """Makes a family or an ID the model of the next turn; a notice if another one answers for it. Raises TuiError."""

    def models(self) -> Sequence[Model]:
        """Every model there is to choose from, the newest of a family first."""

    def name_of(self, model_id: str) -> str: ...

    @property
    def presets(self) -> Mapping[str, str]:
        """The presets there are, and in words what each sets."""

    @property
    def preset(self) -> str:
        """The one in use, or ""."""

    def use_preset(self, name: str) -> None:
        """Has new conversations begin with that preset, and the next turn asked as it says; "" for none. Raises TuiError."""

    def load(self) -> None:
        """Loads what a conversation begins with. It may take a while, on any thread; without it, `Session.equip` does."""

    def session(self) -> Session:
        """A new, empty conversation."""

    @property
    def usual_tools(self) -> Access:
        """What Claude may do in a new conversation; `Session.use_tools` changes it for one."""

    def answer_question(self, call_id: str, verdict: Verdict) -> None:
        """Answers the question of a call, in whichever chat it waits. One that was answered already is left alone."""

    @property
    def servers(self) -> Sequence[ToolServer]:
        """The MCP servers of the configuration."""

    async def restart_server(self, name: str) -> str:
        """Starts one anew; what became of it. On the engine's loop."""

    async def renew_tools(self, session: Session) -> None:
        """Has the session's toolbox offer the tools that the servers have now. On the engine's loop."""

    def new_tools(self, session: Session) -> tuple[int, int]:
        """What that would change, as far as the servers run: how many are new or others, and how many are gone."""

    def ask(self) -> Ask:
        """How a turn that starts now is asked."""

    async def count(self, transcript: Transcript, draft: Draft) -> int:
        """How many tokens sending the draft after that takes, as the server says. On the engine's loop. Raises TuiError."""

    @property
    def makes_titles(self) -> bool:
        """Whether new chats are to be given titles."""

    async def title(self, transcript: Transcript) -> Titled:
        """A title of what was said. On the engine's loop. Raises TuiError."""

    def body(self, transcript: Transcript, answer: Message) -> bytes:
        """The request that brought that answer to a transcript, built once more for looking at."""

    def cache_map(self, exchange: Exchange) -> CacheMap:
        """What the cache gave to a request; an empty map while there is no answer."""

    def miss(self, before: Exchange | None, now: Exchange) -> Miss | None:
        """Why a request read less than the one before had left in the cache; None where it did not.

        Without one before: why the first of a chat left nothing there.
        """

    def try_demo(self) -> None:
        """Answers come from the simulator from now on."""
