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
ThinkingMode = Literal["on", "off"]


class Folders(msgspec.Struct, frozen=True, kw_only=True):
    """Where files live. Folders may not exist yet: the code that writes the first file creates its folder with mode 0700."""

    config: Path
    data: Path
    """Chats and attachments: files that cannot be created again."""
    state: Path
    """Logs and drafts."""
    cache: Path
    """Files that can be downloaded again."""


class Defaults(msgspec.Struct, frozen=True, kw_only=True):
    """[default]"""

    provider: str = "anthropic"
    model: str = "sonnet"
    system: str = ""
    tools: ToolPolicy | Literal[""] = ""
    """Empty: "ask" on the full screen, "none" with -p."""


class Anthropic(msgspec.Struct, frozen=True, kw_only=True):
    """[providers.anthropic]"""

    api_key: str = ""
    api_url: str = DEFAULT_API_URL
    model: str = ""
    workspace_id: str = ""
    """Checked where it is used. An invalid one must not be ignored, because the request would go to another workspace."""
    oauth_token_url: str = "https://platform.claude.com/v1/oauth/token"
    oauth_hosts: tuple[str, ...] = ()
    dialect: Dialect = "auto"
    follow_retired: bool = True

    def __repr__(self) -> str:
        """Show everything but the key, which must not appear in a traceback."""
        shown = (f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name != "api_key")
        return f"Anthropic({', '.join(shown)})"


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """[models."ID"]: what the user knows about a model that our table does not. None: not set."""

    name: str | None = None
    context: int | None = None
    max_output: int | None = None
    vision: bool | None = None
    tools: bool | None = None
    thinking: tuple[str, ...] | None = None
    efforts: tuple[str, ...] | None = None
    min_cache: int | None = None
    compaction: bool | None = None
    price_input: float | None = None
    """US dollars per million tokens, like the next three."""
    price_output: float | None = None
    price_read: float | None = None
    """Reading from the cache. Default: a tenth of the input price."""
    price_write: float | None = None
    """Writing to the cache, for five minutes. Default: 1.25 times the input price."""


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """[presets.NAME]: the settings of a new chat. None: as without a preset."""

    system: str | None = None
    model: str | None = None
    tools: ToolPolicy | None = None
    effort: Effort | None = None
    thinking: ThinkingMode | None = None


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """[budget] in US dollars; 0: no limit."""

    chat_soft: float = 0.0
    chat_hard: float = 0.0
    day_soft: float = 0.0
    day_hard: float = 0.0


class WebSearch(msgspec.Struct, frozen=True, kw_only=True):
    """[tools.web_search], or `web_search = true`: searches carried out by Anthropic, at $10 per 1,000."""

    max_uses: int | None = None
    """Maximum number of searches in one answer."""
    allowed_domains: tuple[str, ...] = ()
    """Search these domains only. The API accepts one of the two lists."""
    blocked_domains: tuple[str, ...] = ()


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """[tools]: what tool calls may do. [default] and the presets say which tools are offered."""

    folders: tuple[str, ...] = ()
    """Folders besides the working folder; `~` is the user's home."""
    allow: tuple[str, ...] = ()
    """Rules for calls that need no permission, in the form of `tools.rules`."""
    private_hosts: bool = False
    """True if pages on this computer and in private networks may be fetched."""
    command_timeout_s: int = 120
    command_env: tuple[str, ...] = ()
    """Environment variables that commands receive although they hold our credentials, or are named by `${…}`."""
    turns: int = 50
    """Maximum number of answers in a row that call tools, before it is the user's turn."""
    web_search: WebSearch | None = None
    """None: Claude does not search."""


class McpServer(msgspec.Struct, frozen=True, kw_only=True):
    """[mcp.NAME]: a server of the Model Context Protocol, either a local program or a URL."""

    command: str = ""
    args: tuple[str, ...] = ()
    env: dict[str, str] = {}
    """Environment of the program, in addition to HOME, PATH and the like."""
    url: str = ""
    """Streamable HTTP. Exactly one of `command` and `url` is set."""
    headers: dict[str, str] = {}
    """Sent to `url` with every request."""
    enabled: bool = True
    start_timeout_s: int = 20

    def __repr__(self) -> str:
        """Show where the server is, without anything that may be secret."""
        from urllib.parse import urlsplit  # rarely needed

        return f"McpServer({self.command or urlsplit(self.url).hostname!r})"


class Ui(msgspec.Struct, frozen=True, kw_only=True):
    """[ui]"""

    theme: Theme = "dark"
    reduced_motion: bool = False
    titles: bool = False
    """True if the cheapest model writes a title after a chat's first turn."""
    pictures: Pictures = "auto"
    """How images are drawn: as the terminal supports, always in one way, or not at all."""


class Finding(msgspec.Struct, frozen=True):
    """A problem in the configuration, with its position."""

    file: str
    line: int
    """Counted from 1; 0 if it concerns the file as a whole."""
    column: int
    problem: str
    """What is wrong and what is allowed, in one line."""
    meanwhile: str = "the default is used"
    """What is used until it is corrected."""
    stops: bool = False
    """True if nothing may be sent until it is corrected, because the default would be less safe."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.problem}"


class Misconfigured(TuiError):
    """A mistake in the configuration that stops sending."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    folders: Folders
    file: Path
    """The configuration file, whether or not it exists."""
    default: Defaults = Defaults()
    anthropic: Anthropic = Anthropic()
    models: dict[str, ModelFacts] = {}
    presets: dict[str, Preset] = {}
    keys: dict[str, tuple[str, ...]] = {}
    """Action name -> the keys that replace its default keys."""
    budget: Limits = Limits()
    tools: Tools = Tools()
    mcp: dict[str, McpServer] = {}
    """In the order of the file."""
    ui: Ui = Ui()
    findings: tuple[Finding, ...] = ()
    origins: dict[str, str] = {}
    """Dotted key -> where its value came from. A key without an entry has its default."""
    variables: frozenset[str] = frozenset()
    """All environment variables that `${…}` names in the file."""

    @property
    def obstacle(self) -> Misconfigured | None:
        """The first mistake that stops sending."""
        hint = "Nothing is sent until it is corrected. `prx doctor config` lists every mistake."
        return next((Misconfigured(str(finding), hint) for finding in self.findings if finding.stops), None)

    @property
    def model(self) -> str:
        """The model family or ID of a new chat. The provider's own setting takes precedence."""
        return self.anthropic.model or self.default.model

    def origin(self, key: str) -> str:
        """Return where the value of a dotted key came from, for display."""
        return self.origins.get(key, "default")
