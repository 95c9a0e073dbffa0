"""Which rows whose answers were lost the stock ledger holds after all."""

from collections.abc import Iterable, Sequence
from typing import Any

from synq_cli.bulk.journal import Entry
from synq_cli.bulk.verb import Receipt

# The API writes whole seconds.
_ROUNDING = 1.0
# How long after we gave up on an answer the API may still have acted.
_LATE = 120.0


def clock_offset(done: Iterable[Entry]) -> tuple[float, float]:
    """How far the API's clock is ahead of ours at least and at most, by the rows whose entries say when; else 0.

    A row was posted between leaving and its answer, which bounds the offset from both sides. Where the bounds
    cross, a clock was set meanwhile; then they are taken as wide as they came.
    """
    stamps = [
        (row.posted_at - row.answered_at, row.posted_at + _ROUNDING - row.sent_at)
        for row in done
        if row.posted_at is not None and row.answered_at is not None and row.sent_at is not None
    ]
    if not stamps:
        return 0.0, 0.0
    least, most = max(low for low, _ in stamps), min(high for _, high in stamps)
    return (least, most) if least <= most else (min(low for low, _ in stamps), max(high for _, high in stamps))


def span(row: Entry, offset: tuple[float, float]) -> tuple[float, float]:
    """From when to when, by the API's clock, the row can have been posted."""
    sent = row.sent_at or 0.0
    least, most = offset
    return sent + least - _ROUNDING, (row.answered_at or sent) + most + _LATE


def match(
    unclear: Sequence[Entry],
    posted: Sequence[tuple[str, Receipt]],
    taken: set[str],
    offset: tuple[float, float],
    key: Any,
) -> dict[int, Receipt]:
    """Receipts by line, where one entry alone can be the row's; `posted` are entries by what they move.

    Entries that belong to other rows are taken out first, and one entry settles one row. Where two could be it,
    somebody else moved the same: then nobody can tell, and the row stays as it is.
    """
    found: dict[int, Receipt] = {}
    used: set[str] = set(taken)
    free = [(what, receipt) for what, receipt in posted if receipt.id not in taken]
    for row in unclear:
        first, last = span(row, offset)
        candidates = {
            receipt.id: receipt
            for what, receipt in free
            if what == key(row.content) and receipt.posted_at is not None and first <= receipt.posted_at <= last
        }
        if len(candidates) == 1:
            (receipt,) = candidates.values()
            if receipt.id not in used:
                used.add(receipt.id)
                found[row.line] = receipt
    return found
