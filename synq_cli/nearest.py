"""Suggestions for a misspelled name."""

from collections.abc import Iterable

_CLOSE, _CLOSER = 0.6, 0.75


def nearest(word: str, names: Iterable[str], *, most: int = 1, strict: bool = False) -> list[str]:
    """The names most similar to the word, best first; case is ignored.

    `strict` asks for more similarity: for options, whose dashes make all of them a little alike, and where a match
    is an error, not only a hint.
    """
    from difflib import get_close_matches

    whole = {name.lower(): name for name in names}
    # Of a name of several words, one may be meant.
    parts = {part: name for name in whole.values() for part in name.lower().split() if len(part) > 3}
    for forms, cutoff in ((whole, _CLOSER if strict else _CLOSE), (parts, _CLOSER)):
        if near := get_close_matches(word.strip().lower(), forms, n=most, cutoff=cutoff):
            return [forms[form] for form in near]
    return []


def did_you_mean(word: str, names: Iterable[str], *, most: int = 1, strict: bool = False) -> str:
    """A question that names the nearest names, followed by a space; empty if no name is near."""
    near = nearest(word, names, most=most, strict=strict)
    return f"Did you mean {' or '.join(near)}? " if near else ""
