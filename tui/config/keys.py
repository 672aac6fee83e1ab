"""The names of keys that `[keys]` may give, in the spelling in which Textual hears them."""

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
"""What Textual calls some signs, by their names in Unicode."""


def key_named(text: str) -> str:
    """The key that a text such as "Ctrl+K", "f2", "[" or "question_mark" names, or "" if there is none of that name."""
    *modifiers, last = ["plus"] if text == "+" else text.replace("++", "+plus").split("+")
    modifiers = [modifier.lower() for modifier in modifiers]
    if not set(modifiers) <= _MODIFIERS:
        return ""
    key = _sign(last) if len(last) == 1 else _name(last.lower())
    return "+".join([*modifiers, key.lower() if modifiers else key]) if key else ""


def _sign(character: str) -> str:
    """A letter or a digit as itself, any other sign by its name."""
    if character.isalnum():
        return character
    import unicodedata  # only for those who remap a sign

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
