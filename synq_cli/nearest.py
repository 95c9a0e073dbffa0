"""Which of the names that there are was likely meant."""

from collections.abc import Iterable


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """A question that names the nearest of the names, a blank behind it; empty if none is near.

    Case does not count, and of a name of several words one may be near.
    """
    from difflib import get_close_matches

    names = list(names)
    wholes = {name.lower(): name for name in names}
    parts = {part: name for name in names for part in name.lower().split() if len(part) > 3}
    for forms, cutoff in ((wholes, 0.6), (parts, 0.75)):
        if near := get_close_matches(word.strip().lower(), forms, n=1, cutoff=cutoff):
            return f"Did you mean {forms[near[0]]}? "
    return ""
