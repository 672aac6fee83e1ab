"""Holds a request's JSON against the official SDK's `MessageCreateParams`, all the way down.

The SDK declares `messages`, `content` and the like as `Iterable`, which pydantic takes as lazy generators and never looks
into, and its TypedDicts let unknown fields pass. So the types are built again here: lists for iterables, unknown fields
forbidden. `test_request_types.py` proves that the check bites.
"""

from __future__ import annotations

import collections.abc
import functools
import operator
import os
import types
import typing

import typing_extensions
from anthropic._types import SequenceNotStr
from anthropic.types import message_create_params
from anthropic.types.beta import message_create_params as beta_params
from pydantic import BaseModel, TypeAdapter, ValidationError

_LISTS = (collections.abc.Iterable, collections.abc.Sequence, SequenceNotStr, list)


class NotTheApisShape(AssertionError):
    """A request that the SDK's types do not allow."""


def check(body: bytes, *, beta: bool = False) -> None:
    """Raises `NotTheApisShape` unless the JSON is a request as the SDK types it, with every field known.

    `beta`: as it types requests with a beta header."""
    try:
        _adapter(beta).validate_json(body, strict=True)
    except ValidationError as error:
        # A union complains once for each of its members: the deepest complaints are about the member that was meant.
        worst = sorted(error.errors(include_url=False), key=lambda one: -len(one["loc"]))[:5]
        said = "\n".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in worst)
        raise NotTheApisShape(f"{said}\n\nin {body[:2000].decode(errors='replace')}") from None


@functools.cache
def _adapter(beta: bool) -> TypeAdapter[object]:
    params = beta_params if beta else message_create_params
    return TypeAdapter(_rebuilt(params.MessageCreateParams))


def _rebuilt(kind: object) -> object:
    """The type with lists for iterables, and every TypedDict below it closed."""
    if typing_extensions.is_typeddict(kind):
        return _closed(kind)
    origin, arguments = typing_extensions.get_origin(kind), typing_extensions.get_args(kind)
    if origin is None or origin is typing.Literal:
        return kind
    if origin in _LISTS:
        return list[_rebuilt(arguments[0])]
    if origin in (typing_extensions.Required, typing_extensions.NotRequired):
        return origin[_rebuilt(arguments[0])]
    members = [_rebuilt(argument) for argument in arguments if not _is_an_object(argument)]
    if origin in (typing.Union, types.UnionType):
        return functools.reduce(operator.or_, members)
    return origin[tuple(members)]


@functools.cache
def _closed(kind: type) -> object:
    hints = typing_extensions.get_type_hints(kind, include_extras=True)
    fields = {
        name: _rebuilt(hint if _says_whether(hint) or _total(kind, name) else typing_extensions.NotRequired[hint])
        for name, hint in hints.items()
    }
    closed = typing_extensions.TypedDict(kind.__name__, fields)
    # Where the SDK itself lets anything in (a tool's JSON schema), so do we.
    extra = getattr(kind, "__pydantic_config__", {}).get("extra", "forbid")
    closed.__pydantic_config__ = {"extra": extra}
    return closed


def _says_whether(hint: object) -> bool:
    return typing_extensions.get_origin(hint) in (typing_extensions.Required, typing_extensions.NotRequired)


def _total(kind: type, field: str) -> bool:
    """Whether the class that declares a field makes its fields required; each heir has a rule of its own."""
    for base in typing_extensions.get_original_bases(kind):
        if typing_extensions.is_typeddict(base) and field in base.__annotations__:
            return _total(base, field)
    return kind.__total__


def _is_an_object(kind: object) -> bool:
    """What only Python can hand over: files, paths, and the SDK's own response blocks, which allow unknown fields."""
    if typing_extensions.get_origin(kind) is typing.Annotated:
        return all(issubclass(member, BaseModel) for member in typing_extensions.get_args(kind.__origin__))
    return (typing_extensions.get_origin(kind) or kind) in (typing.IO, os.PathLike)
