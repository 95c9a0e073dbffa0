"""The base of all resources: sending operations, reading lists and pages, resolving ids."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from synq_cli import exact_json
from synq_cli.errors import NotFoundError, UsageError
from synq_cli.http import replies
from synq_cli.http.operation import Operation
from synq_cli.http.transport import ApiTransport
from synq_cli.nearest import did_you_mean
from synq_cli.resources.shared.pagination import PAGE, Listing, Page, Row
from synq_cli.uuids import parse_uuid

if TYPE_CHECKING:
    from synq_cli.state.id_cache import Kind

SHORTEST_PREFIX = 4
_DEFAULT_PAGE = 50


class Api(ApiTransport):
    """What the resources of one tenant share."""

    def read(self, operation: Operation, path: Mapping[str, str] | None = None) -> Row:
        """Read one object. ServerError if the answer is not an object with the id in the path."""
        answer = self.send(operation, path)
        asked = set((path or {}).values())
        if not isinstance(answer, dict) or not asked <= {str(answer.get("id")).lower()}:
            raise replies.invalid_reply(operation, "it is not the object that was asked for")
        return answer

    def read_list(
        self,
        operation: Operation,
        key: str,
        query: Mapping[str, object] | None = None,
        path: Mapping[str, str] | None = None,
    ) -> list[Row]:
        """Read a list without pages: an array, or an object with an array under `key`. ServerError otherwise."""
        return rows_of(self.send(operation, path, query=query), operation, key)

    def pages(
        self,
        operation: Operation,
        key: str,
        *,
        filters: Mapping[str, str | None] | None = None,
        matches: Callable[[Row], bool] = lambda _row: True,
        ends: Callable[[Row], bool] = lambda _row: False,
        identity: tuple[str, ...] = ("id",),
        on_page: Callable[[list[Row]], None] = lambda _rows: None,
        query: Mapping[str, object] | None = None,
        first_answer: Any = None,
    ) -> Listing:
        """A list in pages, read as its rows are taken; later pages may be prefetched.

        `filters` are sent to the API and checked here too, since a server may ignore them. A row that `ends` the list
        is the last one read. `on_page` is called with each page, in order and in the caller's thread. `query` is sent
        as it is; `first_answer` is the answer with the first page, if the caller has it already.
        """
        wanted, answers = filters or {}, [] if first_answer is None else [first_answer]
        longest = 0

        def params(limit: int, offset: int) -> dict[str, object]:
            return {**(query or {}), **wanted, "limit": limit, "offset": offset or None}

        def fetch(limit: int, offset: int) -> Page:
            return page(answers.pop() if answers else self.send(operation, query=params(limit, offset)))

        def prefetch(limit: int, offset: int) -> Callable[[], Page | None] | None:
            request = self.prefetch(operation, params(limit, offset))
            if request is None:
                return None
            return lambda: None if (answer := request.result()) is None else page(answer)

        def page(answer: Any) -> Page:
            nonlocal longest
            rows = rows_of(answer, operation, key)
            longest = max(longest, len(rows))
            on_page(rows)
            used = answer.get("limit") if isinstance(answer, dict) else None
            if not isinstance(used, int) or not max(len(rows), 1) <= used <= PAGE:
                # A server that ignored the limit may have cut every page at its default size.
                used = _DEFAULT_PAGE if len(rows) == longest == _DEFAULT_PAGE else PAGE
            return rows, used

        return Listing(
            fetch,
            key=lambda row: _identity(row, *identity),
            matches=lambda row: has_values(row, wanted) and matches(row),
            ends=ends,
            prefetch=prefetch,
            on_unstable=lambda: self.observer.warn(
                f"Rows may be missing: {operation.what} kept changing while it was read, "
                "or the API sorts it differently for each page. Run the command again."
            ),
        )

    def write(
        self,
        operation: Operation,
        path: Mapping[str, str] | None = None,
        *,
        body: object = None,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        if_unknown: str | None = None,
    ) -> Row:
        """As `send`, for a write that returns an object; `if_unknown` is the hint if its outcome is unknown."""
        with replies.hint_if_unknown(if_unknown):
            answer = self.send(operation, path, body=body, before=before, after=after)
            if not isinstance(answer, dict):
                raise replies.invalid_reply(operation, "it is not an object")
            return answer

    def replace(
        self, operation: Operation, path: Mapping[str, str] | None, present: Row, body: Mapping[str, object]
    ) -> tuple[Row, Row]:
        """Replace fields of an object; returns it before and after, twice the present one if nothing changes."""
        before = {key: present.get(key) for key in body}
        if body == before:
            return present, present
        return present, self.write(operation, path, body=body, before=before, after=body)

    def remember_skus(self, rows: list[Row], id_key: str) -> None:
        """Cache the SKUs of rows, whose variant's id is under `id_key`, and barcodes if rows have that field."""
        pairs = ((row.get("sku"), row.get(id_key)) for row in rows)
        self.index.remember(
            "sku", ((sku, name) for sku, name in pairs if isinstance(sku, str) and sku and isinstance(name, str))
        )
        found = [
            (row[id_key], row["barcode"] if isinstance(row["barcode"], str) and not row.get("deleted_at") else None)
            for row in rows
            if "barcode" in row and isinstance(row.get(id_key), str)
        ]
        if found:
            self.index.remember_barcodes(found)

    def resolve_id(self, kind: "Kind", text: str) -> str:
        """A UUID as it is, or the one cached id with this prefix. UsageError if there is none, or several."""
        found = self.ids_like(kind, text)
        if len(found) == 1:
            return found[0]
        if found:
            prefix = text.strip().rstrip("…").lower()
            raise UsageError(
                f'Ambiguous {kind} id "{prefix}": {len(found)} ids start with it.',
                hint=f"Use more characters. Among them: {', '.join(found[:3])}",
            )
        raise UsageError(
            f'Invalid {kind} id "{text}".',
            hint=f"Use a UUID such as 86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42, "
            f"or its first {SHORTEST_PREFIX} or more characters once synq has shown the {kind}.",
        )

    def ids_like(self, kind: "Kind", text: str) -> list[str]:
        """A UUID as it is, or the cached ids with this prefix."""
        if identifier := parse_uuid(text):
            return [identifier]
        prefix = text.strip().rstrip("…").lower()
        like_an_id = len(prefix) >= SHORTEST_PREFIX and set(prefix) <= set("0123456789abcdef-")
        return self.index.starting_with(kind, prefix) if like_an_id else []


class Resource:
    """A group of operations of the API."""

    def __init__(self, api: Api) -> None:
        self._api = api


def sorted_rows(rows: list[Row], *keys: str) -> list[Row]:
    """The rows sorted by these keys, ignoring case, then by id."""
    return sorted(rows, key=lambda row: [_rank(row.get(key)) for key in (*keys, "id")])


def rows_of(answer: Any, operation: Operation, key: str) -> list[Row]:
    """The rows of a list reply, bare or under `key`; null is an empty list. ServerError for anything else."""
    rows = answer.get(key, answer) if isinstance(answer, dict) else answer
    if rows is None:
        return []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise replies.invalid_reply(operation, "it holds no list of objects")
    return rows


def find_row(rows: list[Row], text: str, kind: str, *keys: str, see: str) -> Row:
    """The one row with this text under one of the keys, or with an `id` that starts with it.

    The first key is the one that requests use. NotFoundError if there is no such row, UsageError if there are several;
    `see` is the command that lists them.
    """
    word = text.strip().rstrip("…")
    forms = {word.lower(), parse_uuid(word)}
    same = [row for row in rows if any(row.get(key) == word for key in keys)]
    alike = [row for row in rows if any(str(row.get(key) or "").lower() in forms for key in keys)]
    prefixed = [row for row in rows if "id" in keys and str(row.get("id") or "").lower().startswith(word.lower())]
    found = same or alike or (prefixed if len(word) >= SHORTEST_PREFIX else [])
    if len(found) == 1 and isinstance(found[0].get(keys[0]), str) and found[0][keys[0]]:
        return found[0]
    if len(found) == 1:
        raise NotFoundError(f'The API gives no {keys[0]} for the {kind} "{text}".', hint="Use the dashboard for this.")
    if found:
        distinct = "id" if "id" in keys else keys[0]
        ids = ", ".join(str(row.get(distinct)) for row in found[:3])
        raise UsageError(f'Ambiguous {kind} "{text}": {len(found)} match.', hint=f"Use one of: {ids}. See `{see}`.")
    named = (str(row[key]) for row in rows for key in keys if not key.endswith("id") and row.get(key))
    raise NotFoundError(f'Unknown {kind} "{text}".', hint=f"{did_you_mean(word, named)}See `{see}`.")


def has_values(row: Row, wanted: Mapping[str, str | None]) -> bool:
    """Whether a row has these values, ids in either case; None matches any."""
    return all(
        value is None or row.get(key) == value or (key.endswith("_id") and str(row.get(key)).lower() == value.lower())
        for key, value in wanted.items()
    )


def look_for(what: str, command: str) -> str:
    """The hint for a creation whose outcome is unknown."""
    return f"Look for {what} in `{command}` before you send it again."


def _identity(row: Row, *keys: str) -> str:
    """What distinguishes a row: the values of these keys, or the whole row if one is missing."""
    values = [row.get(key) for key in keys]
    return " ".join(map(str, values)) if all(values) else exact_json.dumps(row)


def _rank(value: object) -> tuple[int, int, str]:
    """The sort key of a value: numbers before text."""
    return (0, value, "") if isinstance(value, int) else (1, 0, "" if value is None else str(value).casefold())
