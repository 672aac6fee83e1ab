"""Settings: where files live, what `config.toml` and the environment say, and where each value came from.

`load` never fails over a file: what it cannot use becomes a finding, and a default stands in for that key alone.
"""

from tui.config.folders import Folders
from tui.config.settings import (
    DEFAULT_API_URL,
    Anthropic,
    Defaults,
    Dialect,
    Finding,
    Limits,
    McpServer,
    ModelFacts,
    Preset,
    Settings,
    Theme,
    ToolPolicy,
    Tools,
    Ui,
    WebSearch,
    load,
)

__all__ = [
    "DEFAULT_API_URL",
    "Anthropic",
    "Defaults",
    "Dialect",
    "Finding",
    "Folders",
    "Limits",
    "McpServer",
    "ModelFacts",
    "Preset",
    "Settings",
    "Theme",
    "ToolPolicy",
    "Tools",
    "Ui",
    "WebSearch",
    "load",
]
