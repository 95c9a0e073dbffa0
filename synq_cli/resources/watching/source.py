"""What a watch reads, and what counts as a change."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from synq_cli.resources.shared.pagination import Listing, Row


class Source(NamedTuple):
    """A list that is watched.

    `noun` is what a row is called, `kind` the word for it in an event. `what` names the list among all lists of the
    tenant. `read` starts to read it, and `requests` says how many requests that takes for so many rows.

    A row has a `key`, and belongs to a part of the list that can be read by itself: `part_of` a row, `part_named` in an
    event of the audit log, None if it names none. `read_part` gives all rows of a part.

    Rows that do not match are as if they were not there. With `crossings` only their beginning and ceasing to match are
    events, else also a change of `compared` fields, None for all but the time of the change. `dated` says whether that
    time never goes back, so that an older one shows a copy of the database that lags behind. `ids` are the names that
    an event has for fields of its row.
    """

    noun: str
    kind: str
    what: str
    read: Callable[[], Listing]
    requests: Callable[[int], int]
    key: Callable[[Row], str]
    part_of: Callable[[Row], str]
    part_named: Callable[[Row], str | None]
    read_part: Callable[[str], Iterable[Row]]
    matches: Callable[[Row], bool]
    ids: Mapping[str, str]
    compared: tuple[str, ...] | None = None
    crossings: bool = False
    dated: bool = False

    def changes(self, before: Row, after: Row) -> list[str]:
        """The fields that differ; one that only one of the rows has does not, nor do different kinds of nothing."""
        names = [name for name in after if name in before and name != "updated_at"]
        return [
            name
            for name in names
            if (self.compared is None or name in self.compared)
            and before[name] != after[name]
            and not (before[name] in _NOTHING and after[name] in _NOTHING)
        ]


_NOTHING: tuple[object, ...] = (None, "", [], {})
