"""`system` messages in an open chat: another system prompt, other tools or another effort, with the cache kept.

A model that takes none gets the newest system prompt and tools at the start of the request (`Transcript.for_model`).
Source: Anthropic, mid-conversation system messages; SDK 2.14, types/beta/beta_system_message_param.py.
"""

from __future__ import annotations

import msgspec

from tui.chat.model import Model
from tui.chat.transcript import Change, Tool, Transcript
from tui.inputs.bounded import decode_json

Param = dict[str, object]

NEW_PROMPT = "The system prompt changes here. From now on these instructions replace the earlier ones:"
NO_PROMPT = "The system prompt ends here: the earlier instructions no longer apply."


class ChangesInChat:
    """What applies at the end of the messages built so far. A change goes as far as the model takes it (`Model.in_chat`)."""

    def __init__(self, model: Model | None, transcript: Transcript) -> None:
        """`model` is None if the server takes no `system` messages."""
        self._parts = model.in_chat if model is not None else ()
        self._system = transcript.system
        self._tools = {tool.name: tool for tool in transcript.tools}
        self._defined = dict(self._tools)
        """Every tool that the request has defined so far, with its newest definition."""
        self._effort = ""
        """The effort that the last change named."""

    def next_change(self, transcript: Transcript, effort: str, top_effort: str) -> Change | None:
        """Return what has to change for the next answer, or None. `top_effort` is the effort of the request.

        An effort counts for one turn, so each turn names it once one has; naming it again is harmless.
        """
        now = transcript.current
        system = now.system if "system" in self._parts and now.system != self._system else None
        added: tuple[Tool, ...] = ()
        removed: tuple[str, ...] = ()
        if "tools" in self._parts and transcript.messages:
            names = {tool.name for tool in now.tools}
            added = tuple(tool for tool in now.tools if self._tools.get(tool.name) != tool)
            removed = tuple(name for name in self._tools if name not in names)
        last = transcript.messages[-1]
        named = ""
        if "effort" in self._parts and (effort != top_effort or self._effort):
            named = effort if effort != self._effort or last.is_prompt else ""
        if system is None and not added and not removed and not named:
            return None
        return Change(system=system, effort=named, added=added, removed=removed)

    def apply(self, change: Change) -> Param | None:
        """Note the change, and return its `system` message; None if the model takes nothing of it."""
        content: list[Param] = []
        if "tools" in self._parts:
            replaced = [tool.name for tool in change.added if tool.name in self._tools]
            content += [_by_name("tool_removal", name) for name in (*change.removed, *replaced) if name in self._tools]
            for name in change.removed:
                self._tools.pop(name, None)
            content += [self._addition(tool) for tool in change.added]
        if "system" in self._parts and change.system is not None:
            self._system = change.system
            text = f"{NEW_PROMPT}\n\n{sendable(change.system)}" if change.system.strip() else NO_PROMPT
            content.append({"type": "text", "text": text})
        message: Param = {"role": "system", "content": content}
        if "effort" in self._parts and change.effort:
            self._effort = change.effort
            message["output_config"] = {"effort": change.effort}
        elif not content:
            return None
        return message

    def _addition(self, tool: Tool) -> Param:
        is_known = self._defined.get(tool.name) == tool
        self._tools[tool.name] = self._defined[tool.name] = tool
        if is_known:
            return _by_name("tool_addition", tool.name)
        return {"type": "tool_addition", "tool": {"type": "tool_definition", "definition": tool_param(tool)}}


def tool_param(tool: Tool) -> Param:
    """Return the definition of a tool."""
    if tool.server:
        return decode_json(tool.server, type=dict[str, object])
    return {"name": tool.name, "description": tool.description, "input_schema": msgspec.Raw(tool.input_schema)}


def sendable(text: str) -> str:
    """Return the text without lone surrogates, which UTF-8 cannot encode and a terminal may produce."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode()
    return text


def _by_name(kind: str, name: str) -> Param:
    return {"type": kind, "tool": {"type": "tool_reference", "name": name}}
