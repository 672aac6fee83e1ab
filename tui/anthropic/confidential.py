"""Values that contain secrets, which must not appear in tracebacks or logs."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec


class Confidential(msgspec.Struct, frozen=True):
    """A value whose `repr` (also for rich) omits the fields named in `secrets`."""

    secrets: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [(name, getattr(self, name)) for name in self.__struct_fields__ if name not in self.secrets]
