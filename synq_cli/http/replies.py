"""Replies: parsing successes, turning failures into errors."""

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
_BASE_URL = "Check the base URL: synq config get base_url"
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
    """The body of a 2xx reply: JSON, text, or None if it is empty. See invalid_reply for anything else."""
    if reply.status == HTTPStatus.NO_CONTENT or operation.gives == "nothing":
        return None
    if operation.gives == "text":
        return reply.text
    try:
        answer = exact_json.loads(reply.body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        kind = reply.headers.get("content-type", "no content type")
        raise invalid_reply(operation, f"status {reply.status} with a body that is not JSON ({kind})") from None
    if isinstance(answer, dict) and answer.keys() == {"error"}:
        raise invalid_reply(operation, f"status {reply.status} with an error ({_words(reply).rstrip('.')})")
    return answer


def invalid_reply(operation: Operation, problem: str) -> SynqError:
    """The error for a reply that is not the API's: UnknownOutcomeError for a write, which may have been applied."""
    message = f"Invalid response to {operation.method} {operation.path}: {problem}."
    if operation.effect != "read":
        return UnknownOutcomeError(f"{message} It may have been applied.")
    return ServerError(message, hint=_BASE_URL)


@contextmanager
def hint_if_unknown(hint: str | None) -> Iterator[None]:
    """Set the hint, if given, of errors that leave unknown whether a write was carried out."""
    try:
        yield
    except (UnknownOutcomeError, InterruptError) as error:
        error.hint = hint or error.hint
        raise


def is_gone(reply: Reply, operation: Operation) -> bool:
    """Whether a 404 means that the object to delete no longer exists, and not that the route is missing."""
    is_delete = operation.effect == "delete" and bool(operation.id)
    return is_delete and reply.status == 404 and not is_missing_route(reply, operation)


def is_bare(reply: Reply, operation: Operation) -> bool:
    """Whether a 404 or 405 comes from the router, and not from a handler about one object or a proxy."""
    if reply.status == 405:
        return True
    words = reply.text.lower().rstrip(".")
    return words in {"404 page not found", "page not found"} or (words == "" and "{" not in operation.path)


def is_missing_route(reply: Reply, operation: Operation) -> bool:
    """Whether the server lacks a presumed route: a handler would name the object."""
    if operation.evidence != "presumed" or reply.status not in {404, 405}:
        return False
    return reply.is_html or reply.status == 405 or _words(reply).lower().rstrip(".") in _MISSING_ROUTE


def missing_route(operation: Operation) -> NotFoundError:
    """The error for a route that the server lacks."""
    return NotFoundError(
        f"This server does not offer {operation.what}: it has no route {operation.method} {operation.path}.",
        hint="Use the dashboard for this. synq tries again in a day, or right after `synq doctor --network`.",
        status=404,
    )


def failure(reply: Reply, operation: Operation, subject: str) -> SynqError:
    """The error for a 3xx, 4xx or 5xx reply, with the API's message; `subject` is the ids in the path."""
    if 300 <= reply.status < 400:
        # Many servers redirect after a successful write.
        unclear = operation.retry == "unsafe"
        redirected = UnknownOutcomeError if unclear else ServerError
        doubt = " The request may have been applied." if unclear else ""
        elsewhere = reply.headers.get("location", "nowhere")
        return redirected(
            f"The API redirects to {elsewhere}; synq sends the token to no other host.{doubt}",
            hint="If the API has moved, run synq config set base_url URL",
            status=reply.status,
            request_id=reply.request_id,
        )
    words = _words(reply) or reply.status_line
    kind = _BY_STATUS.get(reply.status, ServerError if reply.status >= 500 else RejectedError)
    if kind is ServerError and operation.retry == "unsafe":
        kind = UnknownOutcomeError
    message, hint = _explained(kind, operation, f"{words[:1].upper()}{words[1:].rstrip('.')}", subject)
    return kind(message, hint=hint, status=reply.status, request_id=reply.request_id, said=words)


def _explained(kind: type[SynqError], operation: Operation, words: str, subject: str) -> tuple[str, str | None]:
    """The message and the hint of an error."""
    if kind is NotFoundError:
        # For other writes, the missing object may be one that the body names.
        asked = f": {subject}" if subject and operation.effect in {"read", "delete"} else ""
        bare = words.lower() in _MISSING_ROUTE | {"404 not found"}
        tenant = "Check the id. `synq auth status` shows which tenant you are using."
        return f"{words}{asked}.", _BASE_URL if bare else tenant
    if kind is AuthError:
        needs = f"This requires the role {_ROLES[operation.role]}. " if operation.role in _ROLES else ""
        return f"The API refused {operation.what}: {words}.", f"{needs}`synq auth status` shows your role and tenant."
    if kind is UnknownOutcomeError:
        return f"The API responded to {operation.what} with an error ({words}); it may have been applied.", None
    if kind is ServerError:
        return f"The API failed on {operation.what}: {words}.", "The problem is on the server; try again later."
    return f"The API refused {operation.what}: {words}.", None


def _words(reply: Reply) -> str:
    """The API's error message, from JSON or plain text; empty for an HTML page."""
    if reply.is_html:
        return ""
    try:
        body = exact_json.loads(reply.text)
    except (ValueError, RecursionError):
        return reply.text[:_LONGEST_TEXT]
    said = body.get("error") if isinstance(body, dict) else None
    return (said if isinstance(said, str) else reply.text)[:_LONGEST_TEXT]
