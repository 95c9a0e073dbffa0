"""What a reply means: its rows, or the error that it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from synq_cli import exact_json
from synq_cli.errors import (
    AuthError,
    ConflictError,
    InterruptError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    ServerError,
    SynqError,
    UnknownOutcomeError,
)
from synq_cli.http.exchange import Reply
from synq_cli.http.operation import Operation

_LONGEST_TEXT = 500
_BASE_URL = "Is the base URL right? `synq config get base_url` shows it."
_MISSING_ROUTE = {"", "404 page not found", "page not found", "not found", "method not allowed"}
_ROLES = {"EDITOR": "EDITOR or ADMIN", "ADMIN": "ADMIN"}
_BY_STATUS: dict[int, type[SynqError]] = {
    401: AuthError,
    403: AuthError,
    404: NotFoundError,
    408: ServerError,
    409: ConflictError,
    412: ConflictError,
    429: RateLimitedError,
}


def parse(reply: Reply, operation: Operation) -> Any:
    """What a 2xx reply holds: its JSON, its text, or None where there is nothing; an error where it makes no sense."""
    if reply.status == HTTPStatus.NO_CONTENT or operation.gives == "nothing":
        return None
    if operation.gives == "text":
        return reply.text
    try:
        return exact_json.loads(reply.body.decode("utf-8"))
    except (ValueError, RecursionError):
        kind = reply.headers.get("content-type", "no content type")
        raise nonsense(operation, f"status {reply.status} with a body that is not JSON ({kind})") from None


def nonsense(operation: Operation, what: str) -> SynqError:
    """A reply that can't be the API's: for a write, which may have acted, the outcome is unknown."""
    if operation.effect != "read":
        return UnknownOutcomeError(
            f"The answer to {operation.method} {operation.path} makes no sense: {what}. It may have been applied."
        )
    return ServerError(
        f"The answer to {operation.method} {operation.path} makes no sense: {what}.",
        hint=_BASE_URL,
    )


def one_object(answer: Any, operation: Operation) -> dict[str, Any]:
    """An answer that must be an object; an error where it is none."""
    if not isinstance(answer, dict):
        raise nonsense(operation, "it is no object")
    return answer


@contextmanager
def if_unclear(look: str) -> Iterator[None]:
    """Says how to look, should a write in here end without anybody knowing whether it was carried out."""
    try:
        yield
    except (UnknownOutcomeError, InterruptError) as error:
        error.hint = look
        raise


def is_gone(reply: Reply, operation: Operation) -> bool:
    """Whether a 404 says that what was to be deleted is no longer there; a missing route says nothing of it."""
    return (
        operation.effect == "delete"
        and bool(operation.id)
        and reply.status == 404
        and not is_missing_route(reply, operation)
    )


def is_bare(reply: Reply, operation: Operation) -> bool:
    """Whether it is the router that speaks, and not a handler about one object, nor a page in between."""
    if reply.status == 405:
        return True
    words = reply.text.lower().rstrip(".")
    return words in {"404 page not found", "page not found"} or (words == "" and "{" not in operation.path)


def is_missing_route(reply: Reply, operation: Operation) -> bool:
    """Whether the server lacks a route that the contract only presumes: a handler would name the object."""
    if operation.evidence != "presumed" or reply.status not in {404, 405}:
        return False
    return reply.is_html or reply.status == 405 or _words(reply).lower().rstrip(".") in _MISSING_ROUTE


def missing_route(operation: Operation) -> NotFoundError:
    """The error for a route that this server does not have."""
    return NotFoundError(
        f"This server does not offer {operation.what} (the route {operation.method} {operation.path} is presumed).",
        hint="Use the dashboard for this. synq asks again in a day, or at once after `synq doctor --network`.",
        status=404,
    )


def failure(reply: Reply, operation: Operation, subject: str) -> SynqError:
    """The error that a reply of 3xx, 4xx or 5xx is, with the API's own words; `subject` is the ids asked for."""
    if 300 <= reply.status < 400:
        # A redirect after a write often means that it was carried out.
        redirected = UnknownOutcomeError if operation.retry == "unsafe" else ServerError
        return redirected(
            f"The API redirects to {reply.headers.get('location', 'nowhere')}; synq never takes the token elsewhere.",
            hint="If the API has moved: synq config set base_url URL",
            status=reply.status,
            request_id=reply.request_id,
        )
    words = _words(reply) or _phrase(reply.status)
    kind = _BY_STATUS.get(reply.status, ServerError if reply.status >= 500 else RejectedError)
    if kind is ServerError and operation.retry == "unsafe":
        kind = UnknownOutcomeError
    message, hint = _explained(kind, operation, f"{words[:1].upper()}{words[1:].rstrip('.')}", subject)
    return kind(message, hint=hint, status=reply.status, request_id=reply.request_id, said=words)


def _explained(kind: type[SynqError], operation: Operation, words: str, subject: str) -> tuple[str, str | None]:
    """A sentence with the API's words and the ids that were asked for, and what to do next."""
    if kind is NotFoundError:
        # What a body names may be what is missing, not what the path names.
        asked = f": {subject}" if subject and operation.effect in {"read", "delete"} else ""
        bare = words.lower() in _MISSING_ROUTE | {"404 not found"}
        tenant = "Is it another tenant's? `synq auth status` shows which one this is."
        return f"{words}{asked}.", _BASE_URL if bare else tenant
    if kind is AuthError:
        needs = f"It needs the role {_ROLES[operation.role]}. " if operation.role in _ROLES else ""
        return f"The API refused {operation.what}: {words}.", f"{needs}`synq auth status` shows your role and tenant."
    if kind is UnknownOutcomeError:
        return f"The API answered {operation.what} with an error ({words}); it may have been applied.", None
    if kind is ServerError:
        return f"The API failed on {operation.what}: {words}.", "The trouble is on its side; try again later."
    return f"The API refused {operation.what}: {words}.", None


def _words(reply: Reply) -> str:
    """What the API says of the error: JSON or plain text, never a page."""
    if reply.is_html:
        return ""
    try:
        body = exact_json.loads(reply.text)
    except (ValueError, RecursionError):
        return reply.text[:_LONGEST_TEXT]
    said = body.get("error") if isinstance(body, dict) else None
    return (said if isinstance(said, str) else reply.text)[:_LONGEST_TEXT]


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"status {status}"
