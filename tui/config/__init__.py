"""The settings: where files live, what `config.toml` and the environment say, and where each value came from.

`load` does not fail because of a file. A value that cannot be used becomes a finding, and only that key gets its default.
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
