"""The rules for requests that depend on the model, the API version and the beta headers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from tui.anthropic.models import MISSPELT, find, is_retired
from tui.chat.model import Model
from tui.demo import capabilities
from tui.demo.checks import refuse
from tui.demo.errors import Refused
from tui.demo.system_messages import check_system_changes, offered_tools

OLD_VERSION, NEW_VERSION = "2023-06-01", "2026-10-21"
VERSIONS = ("2023-01-01", OLD_VERSION, NEW_VERSION)
BINDING_BETA = "thinking-binding-controls-2026-08-01"

Body = dict[str, Any]


@dataclass(frozen=True)
class Terms:
    """The conditions under which a request is read."""

    model: Model
    version: str
    betas: Collection[str]


def model_called(name: str) -> Model:
    """Return the current model with this ID. Raises Refused (404) for retired, unknown and misspelled ones."""
    model = find(name)
    if not model.known or is_retired(model) or name in MISSPELT:
        raise Refused(f"model: {name}", status=404)
    return model


def check_model_rules(body: Body, terms: Terms) -> None:
    """Raise Refused for the first rule that the request breaks."""
    _check_max_tokens(body, terms.model)
    _check_effort(body, terms.model)
    _check_thinking(body, terms)
    _check_sampling(body, terms)
    _check_tool_choice(body, terms.model)
    _check_speed(body, terms)
    _check_last_turn(body, terms.model)
    thinks = thinking_type(body, terms.model) not in ("disabled", "between_tools")
    check_system_changes(body, terms.model, terms.betas, thinks=thinks)
    if terms.version == NEW_VERSION:
        _check_new_version(body)


def refuse_search(body: Body) -> None:
    """Raise Refused if web search is requested, as for an organization that has it switched off."""
    if any(str(tool.get("type")).startswith("web_search_") for tool in offered_tools(body)):
        raise Refused("tools: web search is not enabled for this organization")


def thinking_type(body: Body, model: Model) -> str:
    """Return the kind of thinking that applies: adaptive, enabled, disabled or between_tools."""
    asked = (body.get("thinking") or {}).get("type")
    return asked or ("adaptive" if model.thinking_default else "disabled")


Visible = Literal["off", "between_tools", "omitted", "summarized"]
"""off: no thinking blocks. between_tools: only those before a tool call, as short progress updates."""


def visible_thinking(body: Body, model: Model) -> Visible:
    """Return what the answer shows of its thinking."""
    kind = thinking_type(body, model)
    if kind == "between_tools":
        return "between_tools"
    if kind == "disabled":
        return "off"
    display = (body.get("thinking") or {}).get("display")
    default = "summarized" if model.id in capabilities.SHOWS_THINKING else "omitted"
    return "summarized" if (display or default) == "summarized" else "omitted"


def effort(body: Body, model: Model) -> str:
    """Return the effort that applies."""
    return (body.get("output_config") or {}).get("effort") or model.effort_default


def _check_max_tokens(body: Body, model: Model) -> None:
    if "max_tokens" not in body:  # count_tokens
        return
    asked = body["max_tokens"]
    if asked > model.max_output:
        raise Refused(
            f"max_tokens: {asked} > {model.max_output}, which is the maximum allowed number of output tokens"
            f" for {body['model']}"
        )
    if asked > 0:
        return
    thinking = (body.get("thinking") or {}).get("type")
    for breaks, what in (
        (body.get("stream"), "`stream` set to true"),
        (thinking == "enabled", "`thinking` enabled"),
        ((body.get("output_config") or {}).get("format"), "`output_config.format`"),
        ((body.get("tool_choice") or {}).get("type") in ("any", "tool"), '`tool_choice` of type "any" or "tool"'),
    ):
        if breaks:
            raise Refused(f"max_tokens: 0 cannot be combined with {what}")


def _check_effort(body: Body, model: Model) -> None:
    asked = (body.get("output_config") or {}).get("effort")
    if asked is None:
        return
    if not model.efforts:
        raise Refused("This model does not support the effort parameter.")
    if asked not in model.efforts:
        supported = ", ".join(sorted(model.efforts))
        raise Refused(f"This model does not support effort level '{asked}'. Supported levels: {supported}.")


def _check_thinking(body: Body, terms: Terms) -> None:
    config, model = body.get("thinking"), terms.model
    if config is None:
        return
    kind = config["type"]
    if kind == "adaptive" and kind not in model.thinking:
        raise Refused("adaptive thinking is not supported on this model")
    if kind == "disabled" and "between_tools" in model.thinking:
        raise Refused(
            '"thinking.type.disabled" is not supported for this model. To turn thinking off on this model, send "thinking":'
            ' {"type": "between_tools"}.'
        )
    if kind not in model.thinking:
        raise Refused(
            f'"thinking.type.{kind}" is not supported for this model. Use "thinking.type.adaptive" and'
            ' "output_config.effort" to control thinking behavior.'
        )
    # Models that think by default do not accept the highest efforts without thinking between tool calls.
    if kind in ("disabled", "between_tools") and model.thinking_default and model.id != "claude-sonnet-5":
        level = effort(body, model)
        if level in ("xhigh", "max"):
            raise Refused(f"\"thinking.type.{kind}\" is not supported with effort level '{level}' on this model.")
    if kind == "enabled":
        if config["budget_tokens"] >= body.get("max_tokens", config["budget_tokens"] + 1):
            raise Refused("`max_tokens` must be greater than `thinking.budget_tokens`.")
        if (body.get("tool_choice") or {}).get("type") in ("any", "tool"):
            raise Refused("Thinking may not be enabled when tool_choice forces tool use.")
    if "block_binding" in config and BINDING_BETA not in terms.betas:
        raise refuse(f"thinking.{kind}.block_binding", "Extra inputs are not permitted")


def _check_sampling(body: Body, terms: Terms) -> None:
    for name in ("temperature", "top_p", "top_k"):
        if name not in body:
            continue
        if terms.version == NEW_VERSION:
            raise refuse(name, "Extra inputs are not permitted")
        is_default = name != "top_k" and body[name] == 1
        if not is_default and terms.model.id not in capabilities.TAKES_SAMPLING:
            raise Refused(f"`{name}` is not supported for this model.")
    if body.get("temperature", 0) > 1:
        raise refuse("temperature", "range: 0..1")


def _check_tool_choice(body: Body, model: Model) -> None:
    tools = body.get("tools") or []
    names = [tool["name"] for tool in tools if "name" in tool]
    if len(set(names)) < len(names):
        raise refuse("tools", "Tool names must be unique.")
    choice = body.get("tool_choice")
    if choice is None:
        return
    kind = choice["type"]
    if kind in ("any", "tool") and model.id in capabilities.REFUSES_FORCED_TOOLS:
        raise refuse("tool_choice", 'type "tool" and "any" are not supported for this model.')
    if kind in ("any", "tool") and not tools:
        raise refuse("tool_choice", "may only be specified while providing tools")
    if kind == "tool" and choice["name"] not in names:
        raise Refused(f"Tool '{choice['name']}' not found in provided tools")


def _check_speed(body: Body, terms: Terms) -> None:
    if body.get("speed") != "fast":
        return
    beta = capabilities.FAST.get(terms.model.id)
    if beta is None:
        raise refuse("speed", "'fast' is not supported for this model.")
    if beta and beta not in terms.betas:
        raise refuse("speed", "Extra inputs are not permitted")


def _check_last_turn(body: Body, model: Model) -> None:
    last = body["messages"][-1]
    if body.get("compaction"):
        return  # nothing is written after the summary
    if last["role"] != "assistant" or model.id in capabilities.TAKES_PREFILL:
        return
    # A paused turn is sent back unchanged and continues: that is not a prefill.
    if any(block["type"] == "server_tool_use" for block in last["content"] if isinstance(block, dict)):
        return
    raise Refused(
        "This model does not support assistant message prefill. The conversation must end with a user message."
    )


def _check_new_version(body: Body) -> None:
    for index, message in enumerate(body["messages"]):
        for at, block in enumerate(message["content"] if isinstance(message["content"], list) else ()):
            path = f"messages.{index}.content.{at}"
            if message["role"] == "assistant" and block["type"] == "document":
                raise refuse(path, "`document` blocks are not permitted in assistant messages")
            within = block["content"] if block["type"] == "search_result" else [block]
            if message["role"] == "user" and any(one.get("citations") for one in within if one["type"] == "text"):
                raise refuse(path, "`citations` are not permitted on text blocks in user messages")
