"""Request fields from arguments such as `limit=5`, `tags[]=new` and `address[city]=Leith`."""

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from synq_cli import exact_json
from synq_cli.errors import UsageError

_KEY = re.compile(r"([^\[\]=]+)((?:\[[^\[\]=]*\])*)")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", re.ASCII)
_WORDS = {"true": True, "false": False, "null": None}


class Field(NamedTuple):
    """A key, its text (None for an empty list) and its value."""

    key: str
    text: str | None
    value: Any


def read_fields(typed: Iterable[str], raw: Iterable[str], read: Callable[[str], str]) -> list[Field]:
    """Parse `key=value` arguments; UsageError for an invalid one.

    In `typed` ones true, false, null and numbers become JSON values, and @FILE is replaced by what `read` returns.
    The order of typed and raw ones among each other is unknown, so a list must not have both.
    """
    found = [_field(word, read) for word in typed], [_field(word, None) for word in raw]
    both = set.intersection(*({field.key.partition("[]")[0] for field in kind if "[]" in field.key} for kind in found))
    if both:
        raise UsageError(
            f"The list {min(both)} is given with both -f and -F, whose order would be lost.",
            hint="Use -F for all of its fields, or --input.",
        )
    return [*found[0], *found[1]]


def as_query(fields: Iterable[Field]) -> dict[str, str]:
    """The fields as query parameters; UsageError for a repeated one."""
    query: dict[str, str] = {}
    for key, text, _ in fields:
        if key in query:
            raise _twice(key)
        query[key] = text or ""
    return query


def as_object(fields: Iterable[Field]) -> dict[str, Any]:
    """The fields as the object of a body: `[]` appends to a list, `[name]` sets a key of an object.

    In a list of objects a repeated key starts the next object: `items[][sku]=A items[][sku]=B` are two.
    """
    found: dict[str, Any] = {}
    for key, text, value in fields:
        match = _KEY.fullmatch(key)
        if match is None:
            raise UsageError(f'Invalid key "{key}".', hint="Use name, name[], name[inner] or name[][inner].")
        _put(found, [match[1], *re.findall(r"\[([^\]]*)\]", match[2])], value, key, empty=text is None)
    return found


def _field(word: str, read: Callable[[str], str] | None) -> Field:
    key, sign, text = word.partition("=")
    if not sign and key.endswith("[]"):
        return Field(key, None, None)
    if not sign or not key:
        raise UsageError(f'Invalid field "{word}".', hint="Use key=value.")
    if read is None:
        return Field(key, text, text)
    if text.startswith("@"):
        content = read(text[1:])
        return Field(key, content, content)
    return Field(key, text, _typed_value(text))


def _typed_value(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if not _NUMBER.fullmatch(text):
        return text
    try:
        return exact_json.loads(text)
    except ValueError:  # too many digits or too large an exponent
        return text


def _put(place: dict[str, Any], steps: list[str], value: Any, key: str, *, empty: bool) -> None:
    name, *inward = steps
    if not name:
        raise UsageError(f'Invalid key "{key}".', hint="A list can hold values or objects, not lists.")
    if not inward:
        if name in place:
            raise _twice(key)
        place[name] = value
    elif inward[0]:
        _put(_child(place, name, {}, key), inward, value, key, empty=empty)
    else:
        items = _child(place, name, [], key)
        if len(inward) > 1:
            if not items or not isinstance(items[-1], dict) or (len(inward) == 2 and inward[1] in items[-1]):
                items.append({})
            _put(items[-1], inward[1:], value, key, empty=empty)
        elif not empty:
            items.append(value)


def _child(place: dict[str, Any], name: str, fresh: Any, key: str) -> Any:
    child = place.setdefault(name, fresh)
    if type(child) is not type(fresh):
        raise UsageError(f'"{key}" conflicts with another field: {name} has two types.')
    return child


def _twice(key: str) -> UsageError:
    return UsageError(f"The field {key} is given twice.", hint=f"For a list use {key}[]=…")
