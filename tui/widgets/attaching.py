"""The former name of the prompt."""

from tui.widgets.prompt import PromptArea as AttachingPrompt

__all__ = ["AttachingPrompt"]
