"""The schema of a Messages request: the fields and blocks, and their values.

Rules that concern several fields, or the model, are in `rules` and `history`. Source: the SDK's parameter types.
"""

from __future__ import annotations

from functools import cache

from tui.demo.checks import (
    Check,
    anything,
    array,
    boolean,
    fields,
    integer,
    mapping,
    matching,
    number,
    one_of,
    or_null,
    refuse,
    string,
    string_or,
    tagged,
)

_cache_control = or_null(tagged({"ephemeral": fields(optional={"ttl": one_of("5m", "1h")})}))
_cacheable = {"cache_control": _cache_control}
_citations = fields(optional={"enabled": boolean})

_text = fields({"text": string}, {**_cacheable, "citations": or_null(array(mapping))})
_text_only = tagged({"text": _text})

_image = fields(
    {
        "source": tagged(
            {
                "base64": fields(
                    {"media_type": one_of("image/jpeg", "image/png", "image/gif", "image/webp"), "data": string}
                ),
                "url": fields({"url": string}),
                "file": fields({"file_id": string}),
            }
        )
    },
    {**_cacheable, "transformations": or_null(fields(optional={"oversized_image": one_of("downsize", "error")}))},
)
_document = fields(
    {
        "source": tagged(
            {
                "base64": fields({"media_type": one_of("application/pdf"), "data": string}),
                "text": fields({"media_type": one_of("text/plain"), "data": string}),
                "content": fields({"content": string_or(array(tagged({"text": _text, "image": _image})))}),
                "url": fields({"url": string}),
                "file": fields({"file_id": string}),
            }
        )
    },
    {**_cacheable, "citations": or_null(_citations), "context": or_null(string), "title": or_null(string)},
)
_search_result = fields(
    {"source": string, "title": string, "content": array(_text_only)}, {**_cacheable, "citations": _citations}
)
_result_content = tagged(
    {
        "text": _text,
        "image": _image,
        "document": _document,
        "search_result": _search_result,
        "tool_reference": fields({"tool_name": string}, _cacheable),
    }
)
_id = matching(r"[a-zA-Z0-9_-]+")
_server_tool_use = fields({"id": _id, "name": string, "input": mapping}, {**_cacheable, "caller": mapping})


def _server_result(content: Check = anything) -> Check:
    return fields({"tool_use_id": _id, "content": content}, {**_cacheable, "caller": mapping})


_web_search_result = tagged(
    {
        "web_search_result": fields(
            {"url": string, "title": string, "encrypted_content": string}, {"page_age": or_null(string)}
        )
    }
)


def _web_search_content(value: object, path: str) -> None:
    if isinstance(value, dict):
        tagged({"web_search_tool_result_error": fields({"error_code": string})})(value, path)
    else:
        array(_web_search_result)(value, path)


USER_BLOCKS = {
    "text": _text,
    "image": _image,
    "document": _document,
    "search_result": _search_result,
    "tool_result": fields(
        {"tool_use_id": _id},
        {**_cacheable, "content": string_or(array(_result_content)), "is_error": boolean},
    ),
    "container_upload": fields({"file_id": string}, _cacheable),
}
ASSISTANT_BLOCKS = {
    "text": _text,
    "document": _document,
    "tool_use": fields({"id": _id, "name": string, "input": mapping}, {**_cacheable, "caller": mapping}),
    "thinking": fields({"thinking": string, "signature": string}),
    "redacted_thinking": fields({"data": string}),
    "server_tool_use": _server_tool_use,
    "web_search_tool_result": _server_result(_web_search_content),
    "web_fetch_tool_result": _server_result(),
    "code_execution_tool_result": _server_result(),
    "bash_code_execution_tool_result": _server_result(),
    "text_editor_code_execution_tool_result": _server_result(),
    "tool_search_tool_result": _server_result(),
    "container_upload": fields({"file_id": string}, _cacheable),
}
_tool_reference = fields({"name": string})
SYSTEM_BLOCKS = {
    "text": _text,
    "tool_addition": fields({"tool": lambda value, path: _tool_reference_or_definition(value, path)}, _cacheable),
    "tool_removal": fields({"tool": tagged({"tool_reference": _tool_reference})}, _cacheable),
}
_effort = or_null(one_of("low", "medium", "high", "xhigh", "max"))
_more = {"system": {"output_config": or_null(fields(optional={"effort": _effort}))}}
COMPACTION_BLOCK = {
    "compaction": fields(
        {"content": or_null(string)},
        {
            **_cacheable,
            "signature": or_null(string),
            "encrypted_content": or_null(string),
            "tool_changes": or_null(array(mapping)),
        },
    )
}
"""A block of both sides, with the beta of compaction on demand."""


def _tool_reference_or_definition(value: object, path: str) -> None:
    tagged({"tool_reference": _tool_reference, "tool_definition": fields({"definition": _tool})})(value, path)


def _messages(more: dict[str, Check]) -> Check:
    """Return the check of one message, with more blocks than usual."""
    contents = {"user": {**USER_BLOCKS, **more}, "assistant": {**ASSISTANT_BLOCKS, **more}, "system": SYSTEM_BLOCKS}
    by_role = {
        role: fields({"content": string_or(array(tagged(blocks)))}, {"role": anything, **_more.get(role, {})})
        for role, blocks in contents.items()
    }

    def check(value: object, path: str) -> None:
        role = value.get("role") if isinstance(value, dict) else None
        fields({"role": one_of(*contents), "content": anything}, _more.get(str(role), {}))(value, path)
        by_role[str(role)](value, path)

    return check


def _input_schema(value: object, path: str) -> None:
    mapping(value, path)
    assert isinstance(value, dict)
    if "type" not in value:
        raise refuse(f"{path}.type", "Field required")
    one_of("object")(value["type"], f"{path}.type")


TOOL_NAME = r"[a-zA-Z0-9_-]{1,64}"
_custom_tool = fields(
    {"name": matching(TOOL_NAME), "input_schema": _input_schema},
    {
        **_cacheable,
        "type": or_null(one_of("custom")),
        "description": string,
        "strict": boolean,
        "eager_input_streaming": or_null(boolean),
        "defer_loading": boolean,
        "allowed_callers": array(string),
        "input_examples": array(mapping),
    },
)
SERVER_TOOLS = (
    *(f"web_search_{date}" for date in ("20250305", "20260209", "20260318")),
    *(f"web_fetch_{date}" for date in ("20250910", "20260209", "20260309", "20260318")),
    *(f"code_execution_{date}" for date in ("20250522", "20250825", "20260120", "20260521")),
    "bash_20250124",
    *(f"text_editor_{date}" for date in ("20250124", "20250429", "20250728")),
    "memory_20250818",
    "tool_search_tool_bm25_20251119",
    "tool_search_tool_regex_20251119",
    "computer_toolset_20260801",
    "browser_toolset_20260801",
)
_web_search_tool = fields(
    {"type": string, "name": one_of("web_search")},
    {
        **_cacheable,
        "allowed_callers": array(string),
        "allowed_domains": or_null(array(string)),
        "blocked_domains": or_null(array(string)),
        "defer_loading": boolean,
        "max_uses": or_null(integer(1)),
        "strict": boolean,
        "user_location": or_null(mapping),
        "response_inclusion": anything,
    },
)


def _tool(value: object, path: str) -> None:
    mapping(value, path)
    assert isinstance(value, dict)
    kind = value.get("type")
    if kind is None or kind == "custom":
        _custom_tool(value, f"{path}.custom")
        return
    one_of("custom", *SERVER_TOOLS)(kind, f"{path}.type")
    if str(kind).startswith("web_search_"):
        _web_search_tool(value, f"{path}.{kind}")
    _cache_control(value.get("cache_control"), f"{path}.cache_control")


_display = {"display": or_null(one_of("summarized", "omitted"))}
_binding = {"block_binding": fields({"prefix_mismatch_behavior": one_of("error", "drop_block")})}
_parallel = {"disable_parallel_tool_use": boolean}

_COUNTED: dict[str, Check] = {
    "system": string_or(array(_text_only)),
    "tools": array(_tool),
    "tool_choice": tagged(
        {
            "auto": fields(optional=_parallel),
            "any": fields(optional=_parallel),
            "tool": fields({"name": string}, _parallel),
            "none": fields(),
        }
    ),
    "thinking": tagged(
        {
            "adaptive": fields(optional={**_display, **_binding}),
            "enabled": fields({"budget_tokens": integer(1024)}, {**_display, **_binding}),
            "disabled": fields(),
            "between_tools": fields(optional=_binding),
        }
    ),
    "output_config": fields(
        optional={
            "effort": or_null(one_of("low", "medium", "high", "xhigh", "max")),
            "format": or_null(tagged({"json_schema": fields({"schema": mapping})})),
        }
    ),
    "cache_control": _cache_control,
    "speed": or_null(one_of("standard", "fast")),
}
"""Fields of both endpoints besides the model and the messages."""

_SAMPLING: dict[str, Check] = {"temperature": number, "top_p": number, "top_k": integer(0)}

_SENT: dict[str, Check] = {
    **_COUNTED,
    **_SAMPLING,
    "stream": boolean,
    "stop_sequences": array(string),
    "metadata": fields(optional={"user_id": or_null(string)}),
    "service_tier": one_of("auto", "standard_only"),
    "inference_geo": or_null(string),
    "container": or_null(anything),
    "diagnostics": or_null(fields(optional={"previous_message_id": or_null(string)})),
}
_COMPACTION: dict[str, Check] = {
    "compaction": or_null(tagged({"summarize": fields(optional={"instructions": or_null(string)})}))
}


@cache
def request_check(*, counting: bool, compacting: bool) -> Check:
    """Return the check of the body of POST /v1/messages, or of its count_tokens; `compacting` is a beta."""
    message = _messages(COMPACTION_BLOCK if compacting else {})
    more = _COMPACTION if compacting else {}
    if counting:
        return fields({"model": string, "messages": array(message)}, {**_COUNTED, **more})
    return fields({"model": string, "max_tokens": integer(0), "messages": array(message)}, {**_SENT, **more})
