"""Key names accepted in `[keys]`, converted to Textual's spelling."""

from __future__ import annotations

_MODIFIERS = {"ctrl", "alt", "shift", "super", "hyper", "meta"}
_NAMES = {"enter", "escape", "tab", "space", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown"}
_NAMES |= {"up", "down", "left", "right", *(f"f{number}" for number in range(1, 36))}
_OTHER_NAMES = {
    "return": "enter",
    "esc": "escape",
    "del": "delete",
    "ins": "insert",
    "pgup": "pageup",
    "pgdn": "pagedown",
}
_SHORTENED = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Textual's names for some characters, by their Unicode names."""


def key_named(text: str) -> str:
    """Return Textual's name for a key such as "Ctrl+K", "f2", "[" or "question_mark"; "" if there is no such key."""
    *modifiers, last = ["plus"] if text == "+" else text.replace("++", "+plus").split("+")
    modifiers = [modifier.lower() for modifier in modifiers]
    if not set(modifiers) <= _MODIFIERS:
        return ""
    key = _sign(last) if len(last) == 1 else _name(last.lower())
    return "+".join([*modifiers, key.lower() if modifiers else key]) if key else ""


def _sign(character: str) -> str:
    """Return a letter or digit unchanged, and the name of any other character."""
    if character.isalnum():
        return character
    import unicodedata  # loaded only if such a key is configured

    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    return _SHORTENED.get(name, name)


def _name(name: str) -> str:
    name = _OTHER_NAMES.get(name, name)
    if name in _NAMES or name in _SHORTENED.values():
        return name
    import unicodedata

    try:
        return _sign(unicodedata.lookup(name.replace("_", " ")))
    except KeyError:
        return ""
