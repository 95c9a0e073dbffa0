"""Several requests that are sent at the same time."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from synq_cli.errors import AuthError, NotFoundError, ServerError, SynqError
from synq_cli.http.operation import Operation
from synq_cli.http.transport import Prefetch
from synq_cli.resources.shared.resource import Api


class Read(NamedTuple):
    """A request that only reads, by its operation."""

    operation: Operation
    path: Mapping[str, str] | None = None
    query: Mapping[str, object] | None = None


def read_together(api: Api, *reads: Read) -> list[Any]:
    """The answers of several reads, as `Api.send` gives them; requests wait only where the rate limit is almost used.

    A read that the API refuses or can't answer has its error in the place of the answer: NotFoundError, AuthError of
    a role that is too low, or ServerError. Raises the other errors of `Api.send`.
    """
    requests = [_started(api, read) if number else None for number, read in enumerate(reads)]
    return [_finished(api, read, request) for read, request in zip(reads, requests, strict=True)]


def _started(api: Api, read: Read) -> Prefetch | SynqError | None:
    try:
        api.check(read.operation)
    except NotFoundError as error:
        return error
    return api.prefetch(read.operation, read.query, read.path)


def _finished(api: Api, read: Read, request: Prefetch | SynqError | None) -> Any:
    """The answer to a read; if it was not sent yet, or failed, it is sent now, with retries."""
    if isinstance(request, SynqError):
        return request
    if request and request.refusal:
        return request.refusal
    answer = None if request is None else request.result()
    try:
        return api.send(read.operation, read.path, query=read.query) if answer is None else answer
    except (NotFoundError, ServerError) as error:
        return error
    except AuthError as error:
        if error.status != 403:
            raise
        return error
