"""Any request to the API as a person words it: checked, classed for repeating, and sent like every other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

from synq_cli import exact_json
from synq_cli.errors import NotFoundError, UsageError
from synq_cli.http import operations, replies
from synq_cli.http.exchange import Reply
from synq_cli.http.operation import Effect, Operation
from synq_cli.resources.fields import Field, as_object, as_query
from synq_cli.resources.shared.pagination import PAGE, Row
from synq_cli.resources.shared.validation import one_of

if TYPE_CHECKING:
    from synq_cli.http.sender import Transport
    from synq_cli.resources.shared.reader import Reader
    from synq_cli.session.session import Session

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
_EFFECTS: dict[str, Effect] = {"GET": "read", "HEAD": "read", "PUT": "replace", "DELETE": "delete"}
_WITHOUT_BODY = {"GET", "HEAD", "DELETE"}


@dataclass(frozen=True)
class Request:
    """A request that may be sent; `known` is the contract's id of its operation."""

    operation: Operation
    known: str | None
    query: Mapping[str, str]
    content: bytes | None


@dataclass(frozen=True)
class Answer:
    """A reply of 2xx, read: its status line and headers, and what it holds."""

    head: list[str]
    kind: Literal["json", "text", "nothing"]
    value: Any = None


class Requests:
    """Requests that no typed method speaks for."""

    def __init__(self, session: "Session", transport: "Transport", reader: "Reader") -> None:
        self._session = session
        self._transport = transport
        self._reader = reader

    def prepare(self, words: list[str], fields: list[Field], body: bytes | None) -> Request:
        """The request that `[METHOD] PATH`, fields and a JSON body ask for; UsageError if it can't be one.

        Fields are the body, or the query where the method takes no body or the body is there already.
        """
        if not 1 <= len(words) <= 2:
            raise UsageError("Give a method and a path.", hint="Such as: synq api GET /api/v1/oms/orders")
        method = one_of(words[0], METHODS, "method") if len(words) == 2 else "GET"
        path, asked = self._path(words[-1])
        if body is not None:
            _check_body(method, body)
        in_query = method in _WITHOUT_BODY or body is not None
        query = as_query([*asked, *(fields if in_query else [])])
        if fields and not in_query:
            body = exact_json.dumps(as_object(fields)).encode()
        found = _match(method, path)
        operation = _unknown(method, path) if found is None else _as_sent(found, path, body)
        return Request(operation, found.id if found else None, query, body)

    def send(self, request: Request) -> Answer:
        """Send it, as often as its retry class allows. Raises what the transport raises."""
        headers = {} if request.content is None else {"Content-Type": "application/json"}
        try:
            with replies.if_unclear("Look whether it was carried out before sending it again."):
                reply = self._transport.exchange(
                    request.operation, query=request.query, content=request.content, headers=headers
                )
        except NotFoundError as error:
            if not request.known:
                error.hint = "Is the path right? `synq schema` lists the operations that synq knows."
            raise
        return Answer([], "nothing") if reply is None else _answer(reply)

    def all(self, request: Request, tell: Callable[[str], None]) -> list[Row]:
        """Every row of a list in pages, each once; `tell` is told of a list that has none."""
        if request.operation.method != "GET" or request.query.keys() & {"limit", "offset"}:
            raise UsageError("--paginate is for GET, and sets limit and offset itself.")
        first = self._transport.send(request.operation, query={**request.query, "limit": PAGE})
        if isinstance(first, list):
            tell(f"This list has no pages; the API gave {len(first)} rows, and there is no asking for more.")
            return first
        pairs = first.items() if isinstance(first, dict) else ()
        keys = [key for key, value in pairs if value is None or isinstance(value, list)]
        if len(keys) != 1:
            raise UsageError("The answer is no list in pages.", hint="Leave out --paginate to see it.")
        listing = self._reader.listing(request.operation, keys[0], query=request.query, begun=first)
        return list(listing.first(None))

    def _path(self, text: str) -> tuple[str, list[Field]]:
        """The path below the base URL, and the fields of its query. UsageError for another host, or no path."""
        from urllib.parse import parse_qsl

        base = self._session.base_url
        if "://" in text.partition("?")[0]:
            if text[: len(base)].lower() != base.lower() or not text[len(base) :].startswith("/"):
                raise UsageError(f"'{text}' is not below {base}, and the token goes nowhere else.")
            text = text[len(base) :]
        path, _, query = text.partition("?")
        if not path.startswith("/"):
            raise UsageError(f"'{text}' is no path: it must begin with a slash.", hint=f"Did you mean /{text}?")
        if "#" in text or not text.isprintable() or " " in text:
            raise UsageError(f"'{text}' is no path.", hint="Write blanks and other odd characters as %20 and the like.")
        if {".", ".."} & set(path.split("/")):
            raise UsageError(f"'{text}' is no path: dots lead elsewhere.")
        pairs = parse_qsl(query, keep_blank_values=True)
        return path.replace("{", "%7B").replace("}", "%7D"), [Field(key, value, value) for key, value in pairs]


def _check_body(method: str, body: bytes) -> None:
    if method in {"GET", "HEAD"}:
        raise UsageError(f"{method} takes no body.", hint="Leave out --input, or say POST, PUT or PATCH.")
    try:
        exact_json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The body is not valid JSON: {error}.", hint="The API takes nothing else.") from None


def _match(method: str, path: str) -> Operation | None:
    """The contract's operation with this method and path."""

    def fits(operation: Operation) -> bool:
        ours, theirs = operation.path.split("/"), path.split("/")
        return len(ours) == len(theirs) and all(
            our == their or (our.startswith("{") and their != "") for our, their in zip(ours, theirs, strict=True)
        )

    return next((operation for operation in operations.ALL if operation.method == method and fits(operation)), None)


def _as_sent(operation: Operation, path: str, body: bytes | None) -> Operation:
    """The operation with its actual path; a key that is not in the body makes no repeat safe."""
    sent = exact_json.loads(body.decode()) if body else None
    keyed = isinstance(sent, dict) and bool(sent.get("idempotency_key"))
    retry = "unsafe" if operation.retry == "keyed" and not keyed else operation.retry
    return operation._replace(path=path, retry=retry)


def _unknown(method: str, path: str) -> Operation:
    """An operation that is not the contract's: what is known of it is its method."""
    effect = _EFFECTS.get(method)
    return Operation("", method, path, "the request", effect=effect or "trigger", retry="safe" if effect else "unsafe")


def _answer(reply: Reply) -> Answer:
    try:
        phrase = HTTPStatus(reply.status).phrase
    except ValueError:
        phrase = ""
    head = [f"HTTP {reply.status} {phrase}".rstrip(), *(f"{name}: {value}" for name, value in reply.headers.items())]
    if not reply.body.strip():
        return Answer(head, "nothing")
    try:
        return Answer(head, "json", exact_json.loads(reply.body.decode()))
    except (ValueError, RecursionError):
        return Answer(head, "text", reply.text)
