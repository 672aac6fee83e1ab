"""Settings: where files live, what `config.toml` and the environment say, and where each value came from.

`load` never fails over a file: what it cannot use becomes a finding, and a default stands in for that key alone.
"""

from tui.config.loading import load
from tui.config.settings import (
    DEFAULT_API_URL,
    Anthropic,
    Defaults,
    Dialect,
    Finding,
    Folders,
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
