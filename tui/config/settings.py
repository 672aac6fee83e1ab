"""The settings of one run as frozen values, one class for each table of `config.toml`. `loading` reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from tui.errors import TuiError

DEFAULT_API_URL = "https://api.anthropic.com"
NOTHING_SENT = "nothing is sent"

Dialect = Literal["auto", "anthropic", "basic"]
Theme = Literal["dark", "light"]
Pictures = Literal["auto", "kitty", "sixel", "blocks", "none"]
ToolPolicy = Literal["none", "read", "ask"]
Effort = Literal["low", "medium", "high", "xhigh", "max"]
ThinkingMode = Literal["on", "off", "between_tools"]


class Folders(msgspec.Struct, frozen=True, kw_only=True):
    """Where files live. Folders may not exist yet: the code that writes the first file creates its folder with mode 0700."""

    config: Path
    data: Path
    """Chats and attachments: what must not be lost."""
    state: Path
    """Logs and drafts."""
    cache: Path
    """What can be fetched again."""


class Defaults(msgspec.Struct, frozen=True, kw_only=True):
    """[default]"""

    provider: str = "anthropic"
    model: str = "sonnet"
    system: str = ""
    tools: ToolPolicy | Literal[""] = ""
    """Empty: ask on the full screen, none with -p."""


class Anthropic(msgspec.Struct, frozen=True, kw_only=True):
    """[providers.anthropic]"""

    api_key: str = ""
    api_url: str = DEFAULT_API_URL
    model: str = ""
    workspace_id: str = ""
    """Checked where it is used: a bad one must not be passed over, since the request would go to another workspace."""
    oauth_token_url: str = "https://platform.claude.com/v1/oauth/token"
    oauth_hosts: tuple[str, ...] = ()
    dialect: Dialect = "auto"
    follow_retired: bool = True

    def __repr__(self) -> str:
        """Everything but the key, which must not reach a traceback."""
        shown = (f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name != "api_key")
        return f"Anthropic({', '.join(shown)})"


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """[models."ID"]: what the user knows better than our table. None: nothing said."""

    name: str | None = None
    context: int | None = None
    max_output: int | None = None
    vision: bool | None = None
    tools: bool | None = None
    thinking: tuple[str, ...] | None = None
    efforts: tuple[str, ...] | None = None
    min_cache: int | None = None
    price_input: float | None = None
    """US dollars per million tokens, like the next three."""
    price_output: float | None = None
    price_read: float | None = None
    """From the cache. The default is a tenth of the input's."""
    price_write: float | None = None
    """Into the cache, for five minutes. The default is 1.25 times the input's."""


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """[presets.NAME]: how a new chat begins. None: as without a preset."""

    system: str | None = None
    model: str | None = None
    tools: ToolPolicy | None = None
    effort: Effort | None = None
    thinking: ThinkingMode | None = None


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """[budget]: US dollars; 0: no limit."""

    chat_soft: float = 0.0
    chat_hard: float = 0.0
    day_soft: float = 0.0
    day_hard: float = 0.0


class WebSearch(msgspec.Struct, frozen=True, kw_only=True):
    """[tools.web_search], or `web_search = true`: searches that Anthropic carries out, for $10 per 1,000."""

    max_uses: int | None = None
    """The most searches in one answer."""
    allowed_domains: tuple[str, ...] = ()
    """Only these. The API takes one of the two lists."""
    blocked_domains: tuple[str, ...] = ()


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """[tools]: what calls may do. Whether any are offered is said by [default] and by the presets."""

    folders: tuple[str, ...] = ()
    """Further folders, beside the one that the app was started in; `~` is the user's home."""
    allow: tuple[str, ...] = ()
    """Rules of what needs no question, as `tools.rules` reads them."""
    private_hosts: bool = False
    """Whether pages on this computer and in private networks may be fetched."""
    command_timeout_s: int = 120
    command_env: tuple[str, ...] = ()
    """Variables of the environment that commands get although they hold credentials of ours, or `${…}` names them."""
    turns: int = 50
    """So many answers in a row may call tools before the user has a word."""
    web_search: WebSearch | None = None
    """None: Claude does not search."""


class McpServer(msgspec.Struct, frozen=True, kw_only=True):
    """[mcp.NAME]: a server of the Model Context Protocol: a program here, or an address."""

    command: str = ""
    args: tuple[str, ...] = ()
    env: dict[str, str] = {}
    """What the program gets besides HOME, PATH and the like."""
    url: str = ""
    """Streamable HTTP. One of `command` and `url` is set."""
    headers: dict[str, str] = {}
    """Sent to `url` with every request."""
    enabled: bool = True
    start_timeout_s: int = 20

    def __repr__(self) -> str:
        """Where it is, without what may be secret."""
        from urllib.parse import urlsplit  # seldom needed

        return f"McpServer({self.command or urlsplit(self.url).hostname!r})"


class Ui(msgspec.Struct, frozen=True, kw_only=True):
    """[ui]"""

    theme: Theme = "dark"
    reduced_motion: bool = False
    titles: bool = False
    """Whether the cheapest model makes a title of a chat's first turn."""
    pictures: Pictures = "auto"
    """How they are shown: as the terminal can, in one way whatever it says, or not at all."""


class Finding(msgspec.Struct, frozen=True):
    """Something in the configuration that could not be used."""

    file: str
    line: int
    """From 1; 0 where it is about the file as a whole."""
    column: int
    problem: str
    """What is wrong and what is allowed, in one line."""
    meanwhile: str = "the default is used"
    """What happens until it is corrected."""
    stops: bool = False
    """True if nothing may be sent until it is corrected: the default would be less safe."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.problem}"


class Misconfigured(TuiError):
    """A mistake in the configuration because of which nothing is sent."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    folders: Folders
    file: Path
    """The configuration file, whether or not it exists."""
    default: Defaults = Defaults()
    anthropic: Anthropic = Anthropic()
    models: dict[str, ModelFacts] = {}
    presets: dict[str, Preset] = {}
    keys: dict[str, tuple[str, ...]] = {}
    """Action name -> its keys instead of the usual ones."""
    budget: Limits = Limits()
    tools: Tools = Tools()
    mcp: dict[str, McpServer] = {}
    """In the order of the file."""
    ui: Ui = Ui()
    findings: tuple[Finding, ...] = ()
    origins: dict[str, str] = {}
    """Dotted key -> where its value came from. A key without an entry has its default."""
    variables: frozenset[str] = frozenset()
    """The variables of the environment that `${…}` names anywhere in the file."""

    @property
    def obstacle(self) -> Misconfigured | None:
        """The first mistake because of which nothing may be sent."""
        hint = "Nothing is sent until that is corrected; `prx doctor config` names every mistake."
        return next((Misconfigured(str(finding), hint) for finding in self.findings if finding.stops), None)

    @property
    def model(self) -> str:
        """The family or ID to begin with: the provider's own choice wins."""
        return self.anthropic.model or self.default.model

    def origin(self, key: str) -> str:
        """Where the value of a dotted key came from, in words."""
        return self.origins.get(key, "default")
