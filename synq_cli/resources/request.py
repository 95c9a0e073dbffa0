"""Requests to any path of the API: parsed, checked, sent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from synq_cli import exact_json
from synq_cli.errors import NotFoundError, UsageError
from synq_cli.http import replies
from synq_cli.http.exchange import Reply
from synq_cli.http.operation import Effect, Operation
from synq_cli.resources.fields import Field, as_object, as_query
from synq_cli.resources.shared.pagination import PAGE, Row
from synq_cli.resources.shared.present import operation_at
from synq_cli.resources.shared.resource import Resource
from synq_cli.resources.shared.validation import one_of

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
_EFFECTS: dict[str, Effect] = {"GET": "read", "HEAD": "read", "PUT": "replace", "DELETE": "delete"}
_WITHOUT_BODY = {"GET", "HEAD", "DELETE"}


@dataclass(frozen=True)
class Request:
    """A checked request; the id of its operation is empty if the contract lacks it."""

    operation: Operation
    query: Mapping[str, str]
    content: bytes | None


@dataclass(frozen=True)
class Answer:
    """A 2xx reply: its status line and headers, and its parsed body."""

    head: list[str]
    kind: Literal["json", "text", "nothing"]
    value: Any = None


class Requests(Resource):
    """Requests to any path."""

    def prepare(self, words: list[str], fields: list[Field], body: bytes | None) -> Request:
        """The request for `[METHOD] PATH`, fields and a JSON body; UsageError if it is invalid.

        Fields go into the body, or into the query if the method takes no body or `body` is given.
        """
        if not 1 <= len(words) <= 2:
            raise UsageError("Give a method and a path.", hint="For example: synq api GET /api/v1/oms/orders")
        method = one_of(words[0], METHODS, "method") if len(words) == 2 else "GET"
        path, params = self._path(words[-1])
        if body is not None:
            _check_body(method, body)
        in_query = method in _WITHOUT_BODY or body is not None
        query = as_query([*params, *(fields if in_query else [])])
        if fields and not in_query:
            body = exact_json.dumps(as_object(fields)).encode()
        found = operation_at(method, path)
        if found and found[0].needs_body and body is None:
            raise UsageError(f"{method} {path} needs a body.", hint="Give it with -f KEY=VALUE or --input FILE.")
        operation = unknown_operation(method, path) if found is None else _as_sent(found[0], path, body)
        return Request(operation, query, body)

    def send(self, request: Request) -> Answer:
        """Send a request, with the retries of its operation or method."""
        headers = {} if request.content is None else {"Content-Type": "application/json"}
        try:
            with replies.hint_if_unknown("Check whether it was carried out before you send it again."):
                reply = self._api.exchange(
                    request.operation, query=request.query, content=request.content, headers=headers
                )
        except NotFoundError as error:
            if not request.operation.id:
                error.hint = "Check the path: `synq schema` lists the operations that synq knows."
            raise
        return Answer([], "nothing") if reply is None else _answer(reply)

    def all(self, request: Request, note: Callable[[str], None]) -> list[Row]:
        """All rows of a list in pages; `note` is called for a list without pages."""
        if request.operation.method != "GET" or request.query.keys() & {"limit", "offset"}:
            raise UsageError("--paginate is for GET requests without limit and offset, which it sets itself.")
        first = self._api.send(request.operation, query={**request.query, "limit": PAGE})
        if isinstance(first, list):
            note(f"This list has no pages: these are the {len(first)} rows that the API returns.")
            return first
        pairs = first.items() if isinstance(first, dict) else ()
        keys = [key for key, value in pairs if value is None or isinstance(value, list)]
        if len(keys) != 1:
            raise UsageError("The response is not a paginated list.", hint="Leave out --paginate to see it.")
        listing = self._api.pages(request.operation, keys[0], query=request.query, first_answer=first)
        return list(listing.first(None))

    def _path(self, text: str) -> tuple[str, list[Field]]:
        """The path below the base URL, and the fields of its query. UsageError for another host or an invalid path."""
        from urllib.parse import parse_qsl, unquote

        base = self._api.session.base_url
        if "://" in text.partition("?")[0]:
            if text[: len(base)].lower() != base.lower() or not text[len(base) :].startswith("/"):
                raise UsageError(f'Invalid URL "{text}": the token is sent to {base} only.')
            text = text[len(base) :]
        path, _, query = text.partition("?")
        if not path.startswith("/"):
            raise UsageError(f'Invalid path "{text}": it must start with a slash.', hint=f"Did you mean /{text}?")
        if "#" in text or not text.isprintable() or " " in text:
            raise UsageError(f'Invalid path "{text}".', hint="Escape spaces and special characters, such as %20.")
        if {".", ".."} & set(unquote(path).split("/")):  # servers resolve %2e%2e too
            raise UsageError(f'Invalid path "{text}".', hint="Use a path without . and .. in it.")
        pairs = parse_qsl(query, keep_blank_values=True)
        return path.replace("{", "%7B").replace("}", "%7D"), [Field(key, value, value) for key, value in pairs]


def _check_body(method: str, body: bytes) -> None:
    if method in {"GET", "HEAD"}:
        raise UsageError(f"{method} takes no body.", hint="Leave out --input, or use POST, PUT or PATCH.")
    try:
        exact_json.loads(body.decode(), unique_keys=True)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The body is not valid JSON: {error}.", hint="The API accepts only JSON.") from None


def _as_sent(operation: Operation, path: str, body: bytes | None) -> Operation:
    """The operation with its actual path; without a key in the body it is unsafe to retry."""
    sent = exact_json.loads(body.decode()) if body else None
    keyed = isinstance(sent, dict) and bool(sent.get("idempotency_key"))
    retry = "unsafe" if operation.retry == "keyed" and not keyed else operation.retry
    return operation._replace(path=path, retry=retry)


def unknown_operation(method: str, path: str) -> Operation:
    """An operation that is not in the contract, classified by its method."""
    effect = _EFFECTS.get(method)
    return Operation("", method, path, "the request", effect=effect or "trigger", retry="safe" if effect else "unsafe")


def _answer(reply: Reply) -> Answer:
    head = [f"HTTP {reply.status_line}", *(f"{name}: {value}" for name, value in reply.headers.items())]
    if not reply.body.strip():
        return Answer(head, "nothing")
    try:
        return Answer(head, "json", exact_json.loads(reply.body.decode("utf-8-sig")))
    except (ValueError, RecursionError):
        return Answer(head, "text", reply.text)
