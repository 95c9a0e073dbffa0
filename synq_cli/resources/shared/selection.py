"""Rows chosen and ordered here, because the API does neither."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from synq_cli.errors import UsageError
from synq_cli.nearest import did_you_mean
from synq_cli.resources.shared.pagination import Row


def search(rows: Iterable[Row], text: str | None, *keys: str) -> list[Row]:
    """The rows with every word of the text under one of these keys, in any case; None matches any."""
    words = (text or "").casefold().split()
    return [row for row in rows if all(word in _text_of(row, keys) for word in words)]


def equals(key: str, wanted: str | None) -> Callable[[Row], bool]:
    """A test for rows with this text under a key, in any case; None matches any."""
    return lambda row: wanted is None or str(row.get(key) or "").casefold() == wanted.strip().casefold()


def sort(rows: Iterable[Row], by: str | None) -> list[Row]:
    """The rows sorted by a field of the API, as FIELD or FIELD:desc; None leaves their order.

    Rows without a value come last. UsageError for a field that no row has.
    """
    found = list(rows)
    if by is None:
        return found
    field, _, direction = by.strip().partition(":")
    if direction not in {"", "asc", "desc"}:
        raise UsageError(f'Invalid order "{by}".', hint="Use FIELD, FIELD:asc or FIELD:desc, such as total:desc.")
    known = dict.fromkeys(key for row in found for key in row)
    if found and field not in known:
        raise UsageError(f'Unknown field "{field}".', hint=f"{did_you_mean(field, known)}Fields: {', '.join(known)}.")
    valued = [row for row in found if row.get(field) not in (None, "")]
    without = [row for row in found if row.get(field) in (None, "")]
    return sorted(valued, key=lambda row: _rank(row[field]), reverse=direction == "desc") + without


def _rank(value: object) -> tuple[int, Decimal, str]:
    """Numbers by size, then texts, ignoring case."""
    if isinstance(value, int | Decimal):
        return 0, Decimal(value), ""
    return 1, Decimal(), str(value).casefold()


def _text_of(row: Row, keys: Sequence[str]) -> str:
    return "\n".join(str(row.get(key) or "") for key in keys).casefold()
