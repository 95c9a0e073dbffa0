"""Fault injection: requests that get an error, no reply or a late reply, as ordered in the tenant's file."""

import math
import random
import re
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path

import falcon

from synq_cli.errors import UsageError
from synq_cli.sandbox.server.request import Request, http_error
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store

# In place of the route, so that nothing is done; and after the route has done its work.
BEFORE = ("429", "500", "502", "503", "expired", "missing", "garbage", "lost-before")
AFTER = ("lost", "500-after", "slow")
KINDS = (*BEFORE, *AFTER)
DELAYED = ("slow", "429")

METHODS = ("GET", "POST", "PUT", "DELETE")
DEFAULT_SECONDS = 5.0
MAX_SECONDS = 3600.0

_LOGIN_PAGE = "<!doctype html>\n<html><head><title>Sign in to this network</title></head><body></body></html>\n"


def add(
    database: Path,
    kind: str,
    *,
    on: str = "*",
    times: int = 1,
    rate: float | None = None,
    seed: int = 0,
    seconds: float | None = None,
) -> Row:
    """Add a fault for the requests that match `on`: the next `times` of them, or each with probability `rate`.

    `kind` is one of KINDS. `on` is a method, a path or both; `*` matches any text and `{name}` any segment.
    `seconds` is the delay of a slow reply or the Retry-After of a 429. Raises UsageError if a value is invalid.
    """
    # These comparisons are false for NaN.
    if rate is not None and not 0 < rate <= 1:
        raise UsageError(f"Invalid rate {rate:g}.", hint="Use a number above 0 and up to 1, such as 0.2.")
    if seconds is not None and kind not in DELAYED:
        raise UsageError(f"--seconds does not apply to the fault {kind}.", hint=f"Use it with {' or '.join(DELAYED)}.")
    if seconds is not None and not 0 <= seconds <= MAX_SECONDS:
        raise UsageError(f"Invalid number of seconds {seconds:g}.", hint=f"Use a number from 0 to {MAX_SECONDS:g}.")
    fault = {
        "kind": kind,
        "target": _target(on),
        "times": None if rate else times,
        "rate": rate,
        "seed": seed if rate else None,
        "seconds": (DEFAULT_SECONDS if seconds is None else seconds) if kind in DELAYED else None,
        "met": 0,
        "struck": 0,
    }
    with Store(database) as store, store.writing():
        return store.insert("faults", fault)


def active(database: Path) -> list[Row]:
    """The faults that have not been used up, oldest first."""
    with Store(database) as store:
        return _faults(store)


def clear(database: Path) -> int:
    """Remove all faults and reset the rate limit to Synq's own; returns the number of faults removed."""
    with Store(database) as store, store.writing():
        count = store.count("SELECT COUNT(*) FROM faults")
        store.run("DELETE FROM faults")
        store.run("DELETE FROM counting")
    return count


class Faults:
    """Applies at most one fault to each request; `sleep` delays a reply."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep

    def process_request(self, req: Request, resp: falcon.Response) -> None:
        # Most tenants have no faults, and then the request need not wait for the write lock.
        fault = _take(req.store, f"{req.method} {req.path}") if _faults(req.store) else None
        req.context.fault = fault
        if fault is None or fault["kind"] in AFTER:
            return
        match fault["kind"]:
            case "429":
                headers = {"Retry-After": str(math.ceil(fault["seconds"])), "X-RateLimit-Remaining": "0"}
                raise http_error(429, "Rate limit exceeded", headers)
            case "expired":
                raise http_error(401, "Unauthorized: Invalid token")
            case "missing":
                raise falcon.HTTPRouteNotFound
            case "garbage":
                resp.content_type = falcon.MEDIA_HTML
                resp.text = _LOGIN_PAGE
            case "lost-before":
                _disconnect(resp)
            case status:
                raise http_error(int(status), HTTPStatus(int(status)).phrase)
        resp.complete = True

    def process_response(self, req: Request, resp: falcon.Response, _resource: object, _succeeded: bool) -> None:
        fault: Row | None = getattr(req.context, "fault", None)
        if fault is None:
            return
        match fault["kind"]:
            case "slow":
                self._sleep(fault["seconds"])
            case "lost":
                _disconnect(resp)
            case "500-after":
                _clear_body(resp)
                resp.status = falcon.HTTP_500
                resp.media = {"error": HTTPStatus.INTERNAL_SERVER_ERROR.phrase}


def _disconnect(resp: falcon.Response) -> None:
    """Let the server close the connection without a reply, as it does when the body fails before its first byte."""

    def broken_body() -> Iterator[bytes]:
        raise ConnectionResetError("fault: connection closed")
        yield b""

    _clear_body(resp)
    resp.status = falcon.HTTP_200  # some other statuses have no body that could fail
    resp.stream = broken_body()


def _clear_body(resp: falcon.Response) -> None:
    resp.text = resp.data = resp.media = None
    resp.content_type = falcon.MEDIA_JSON


def _faults(store: Store) -> list[Row]:
    return store.rows("SELECT * FROM faults ORDER BY id")


def _take(store: Store, request: str) -> Row | None:
    """The first fault that applies to this request, used up once; None if there is none."""
    with store.writing():
        for fault in _faults(store):
            # `*` is any text, `{name}` one segment of the path.
            pattern = re.sub(r"\\\{[^{}/]*\\\}", "[^/]+", re.escape(fault["target"])).replace(r"\*", ".*")
            if not re.fullmatch(pattern, request):
                continue
            # Depends on the seed, the fault and the number of the request, not on the process.
            rng = random.Random(f"{fault['seed']} {fault['kind']} {fault['target']} {fault['met']}")  # noqa: S311
            applies = fault["rate"] is None or rng.random() < fault["rate"]
            store.run(
                "UPDATE faults SET met = met + 1, struck = struck + :applies, times = times - :applies WHERE id = :id",
                {"id": fault["id"], "applies": applies},
            )
            if applies:
                store.run("DELETE FROM faults WHERE times = 0")
                return fault
    return None


def _target(on: str) -> str:
    """`on` as method and path, or * for every request; UsageError if it is invalid."""
    words = on.split()
    if words == ["*"]:
        return "*"
    if len(words) == 1:
        words = ["*", *words] if words[0].startswith("/") else [*words, "*"]
    if len(words) != 2 or words[0].upper() not in {*METHODS, "*"} or not re.fullmatch(r"(\*|/[^?#]*)", words[1]):
        raise UsageError(
            f'Invalid value "{on}" for --on.',
            hint=f'Use a method ({", ".join(METHODS)}), a path or both, such as "POST /api/v1/inventory/adjust".',
        )
    return f"{words[0].upper()} {words[1]}"
