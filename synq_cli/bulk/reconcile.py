"""Matches rows whose answers were lost with what the API has recorded since."""

from collections.abc import Callable, Iterable, Sequence

from synq_cli import times
from synq_cli.bulk.journal import Content, Receipt, Row

# The API writes whole seconds.
_ROUNDING = 1.0
# How long after we gave up on an answer the API may still have acted. A later entry is not considered: a row that is
# wrongly counted as done is lost.
LATE = 30.0


def clock_offset(done: Iterable[Row]) -> tuple[float, float]:
    """How many seconds the API's clock is ahead of ours, at least and at most, by the rows whose entries say when."""
    return times.clock_offset(
        [
            (row.sent_at, row.posted_at, row.answered_at)
            for row in done
            if row.posted_at is not None and row.answered_at is not None and row.sent_at is not None
        ]
    )


def span(row: Row, offset: tuple[float, float]) -> tuple[float, float]:
    """The first and the last moment, by the API's clock, at which the row can have been posted."""
    sent = row.sent_at or 0.0
    least, most = offset
    return sent + least - _ROUNDING, (row.answered_at or sent) + most + LATE


def match(
    unclear: Sequence[Row],
    free: Sequence[tuple[str, Receipt]],
    rivals: Sequence[Row],
    offset: tuple[float, float],
    key: Callable[[Content], str],
) -> dict[int, Receipt]:
    """Receipts by line, where exactly one entry fits the row, and no other row fits the entry.

    `free` are entries that no row has claimed, by what they hold; `rivals` are unclear rows of other runs. Where two
    entries fit a row, another client made the same change, and where an entry fits two rows, either may have made it:
    then the outcome stays unknown.
    """

    def fits(row: Row, what: str, receipt: Receipt) -> bool:
        first, last = span(row, offset)
        return what == key(row.content) and receipt.posted_at is not None and first <= receipt.posted_at <= last

    found: dict[int, Receipt] = {}
    for row in unclear:
        candidates = {receipt.id: (what, receipt) for what, receipt in free if fits(row, what, receipt)}
        if len(candidates) == 1:
            ((what, receipt),) = candidates.values()
            if not any(fits(rival, what, receipt) for rival in [*unclear, *rivals] if rival is not row):
                found[row.line] = receipt
    return found
