"""How resources read: one object, all rows, or pages of rows, in whatever wrapping the server uses."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from synq_cli import exact_json
from synq_cli.errors import NotFoundError, UsageError
from synq_cli.http import replies
from synq_cli.http.operation import Operation
from synq_cli.nearest import did_you_mean
from synq_cli.resources.shared.pagination import PAGE, Listing, Page, Row
from synq_cli.uuids import parse_uuid

if TYPE_CHECKING:
    from synq_cli.http.exchange import Listener
    from synq_cli.http.sender import Transport
    from synq_cli.state.id_cache import Kind, LocalIndex

FEWEST_LETTERS = 4
_DEFAULT_PAGE = 50


class Reader:
    """Reads through the transport and checks the shape of what comes back."""

    def __init__(self, transport: "Transport", index: "LocalIndex", listener: "Listener") -> None:
        self._transport = transport
        self._index = index
        self._listener = listener

    def one(self, operation: Operation, path: Mapping[str, str] | None = None) -> Row:
        """One object; what was asked for by its id must say that id. ServerError if it is none."""
        answer = self._transport.send(operation, path)
        asked = set((path or {}).values())
        if not isinstance(answer, dict) or not asked <= {str(answer.get("id")).lower()}:
            raise replies.nonsense(operation, "it is no such object")
        return answer

    def all(
        self,
        operation: Operation,
        key: str,
        query: Mapping[str, object] | None = None,
        path: Mapping[str, str] | None = None,
    ) -> list[Row]:
        """The rows of a list without pages, bare or wrapped under `key`. ServerError if there are none."""
        return rows_in(self._transport.send(operation, path, query=query), operation, key)

    def listing(
        self,
        operation: Operation,
        key: str,
        *,
        filters: Mapping[str, str | None] | None = None,
        matches: Callable[[Row], bool] = lambda _row: True,
        ends: Callable[[Row], bool] = lambda _row: False,
        identity: tuple[str, ...] = ("id",),
        remember: Callable[[list[Row]], None] = lambda _rows: None,
        query: Mapping[str, object] | None = None,
        begun: Any = None,
    ) -> Listing:
        """The rows of a list in pages, read as they are taken; `remember` sees each page that is read.

        Pages after the first may be requested ahead. Everything but sending those requests happens in the caller's
        thread and in the order of the pages, `remember` and errors included.

        `filters` are the API's own; a server may ignore them, so the rows are held against them here too. Nothing is
        read beyond a row that `ends` the list. `query` goes along as it is; `begun` is the answer with the first
        page, if that has come already.
        """
        wanted, come = filters or {}, [] if begun is None else [begun]

        def asked(limit: int, offset: int) -> dict[str, object]:
            return {**(query or {}), **wanted, "limit": limit, "offset": offset or None}

        def fetch(limit: int, offset: int) -> Page:
            return page(come.pop() if come else self._transport.send(operation, query=asked(limit, offset)))

        def fetch_ahead(limit: int, offset: int) -> Callable[[], Page | None] | None:
            early = self._transport.ahead.start(operation, asked(limit, offset))
            if early is None:
                return None
            return lambda: None if (answer := early.result()) is None else page(answer)

        def page(answer: Any) -> Page:
            rows = rows_in(answer, operation, key)
            remember(rows)
            used = answer.get("limit") if isinstance(answer, dict) else None
            if not isinstance(used, int) or not 0 < used <= PAGE:
                # Without word from the server a page of its default size may be cut as well.
                used = _DEFAULT_PAGE if len(rows) == _DEFAULT_PAGE else PAGE
            return rows, used

        return Listing(
            fetch,
            key=lambda row: _identity(row, *identity),
            matches=lambda row: has_values(row, wanted) and matches(row),
            ends=ends,
            fetch_ahead=fetch_ahead,
            on_unstable=lambda: self._listener.warn(
                f"Rows may be missing: {operation.what} kept changing while it was read. Run the command again."
            ),
        )

    def whole_id(self, kind: "Kind", text: str) -> str:
        """A UUID as it is, or the one id seen before that begins with these letters; UsageError otherwise."""
        found = self.ids_like(kind, text)
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(
                f"{len(found)} {kind}s begin with '{text.strip().rstrip('…').lower()}'.",
                hint=f"Among them: {', '.join(found[:3])}",
            )
        raise UsageError(
            f"'{text}' is no {kind} id.",
            hint=f"An id is a UUID such as 86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42; "
            f"its first {FEWEST_LETTERS} letters or more will do once synq has shown the {kind}.",
        )

    def ids_like(self, kind: "Kind", text: str) -> list[str]:
        """A UUID as it is, or the ids seen before that begin with these letters."""
        if identifier := parse_uuid(text):
            return [identifier]
        letters = text.strip().rstrip("…").lower()
        like_an_id = len(letters) >= FEWEST_LETTERS and set(letters) <= set("0123456789abcdef-")
        return self._index.starting_with(kind, letters) if like_an_id else []


def in_order(rows: list[Row], *keys: str) -> list[Row]:
    """The rows by what stands under these keys, whatever their case, and by id where that is the same."""
    return sorted(rows, key=lambda row: [_rank(row.get(key)) for key in (*keys, "id")])


def rows_in(answer: Any, operation: Operation, key: str) -> list[Row]:
    """The rows of a list reply, bare or under `key`, null being none. ServerError for anything else."""
    rows = answer.get(key, answer) if isinstance(answer, dict) else answer
    if rows is None:
        return []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise replies.nonsense(operation, "it holds no list of objects")
    return rows


def row_named(rows: list[Row], text: str, kind: str, *keys: str, see: str) -> Row:
    """The row that carries this text under one of the keys; the first letters of an `id` will do.

    The first key is what requests name it by. NotFoundError if there is none, UsageError if there are several; `see`
    is the command that lists them.
    """
    word = text.strip().rstrip("…")
    forms = {word.lower(), parse_uuid(word)}
    same = [row for row in rows if any(row.get(key) == word for key in keys)]
    alike = [row for row in rows if any(str(row.get(key) or "").lower() in forms for key in keys)]
    begun = [row for row in rows if "id" in keys and str(row.get("id") or "").lower().startswith(word.lower())]
    found = same or alike or (begun if len(word) >= FEWEST_LETTERS else [])
    if len(found) == 1 and isinstance(found[0].get(keys[0]), str) and found[0][keys[0]]:
        return found[0]
    if len(found) == 1:
        raise NotFoundError(f"The API gives no {keys[0]} of {kind} '{text}'.", hint="Use the dashboard for this.")
    if found:
        telling = "id" if "id" in keys else keys[0]
        ids = ", ".join(str(row.get(telling)) for row in found[:3])
        raise UsageError(f"{len(found)} {kind}s go by '{text}'.", hint=f"Name one in full: {ids}. See `{see}`.")
    named = (str(row[key]) for row in rows for key in keys if not key.endswith("id") and row.get(key))
    raise NotFoundError(f"There is no {kind} '{text}'.", hint=f"{did_you_mean(word, named)}See `{see}`.")


def has_values(row: Row, wanted: Mapping[str, str | None]) -> bool:
    """Whether a row has these values, ids in whatever case; None means any."""
    return all(
        value is None or row.get(key) == value or (key.endswith("_id") and str(row.get(key)).lower() == value.lower())
        for key, value in wanted.items()
    )


def _identity(row: Row, *keys: str) -> str:
    """What tells a row from others: the values under these keys, or all of it if one is missing."""
    values = [row.get(key) for key in keys]
    return " ".join(map(str, values)) if all(values) else exact_json.dumps(row)


def _rank(value: object) -> tuple[int, int, str]:
    """Its place in an order: numbers first, then texts."""
    return (0, value, "") if isinstance(value, int) else (1, 0, "" if value is None else str(value).casefold())
