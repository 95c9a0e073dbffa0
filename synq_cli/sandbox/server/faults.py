"""Faults on order: what befalls some of the tenant's requests instead of their answer, kept in its file."""

import math
import random
import re
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import falcon

from synq_cli.errors import UsageError
from synq_cli.sandbox.server.reading import refusal, store_of
from synq_cli.sandbox.store.schema import Row
from synq_cli.sandbox.store.store import Store

# In the resource's place, so that nothing happens; and after it has done its work.
BEFORE = ("429", "500", "502", "503", "expired", "missing", "garbage", "lost-before")
AFTER = ("lost", "500-after", "slow")
KINDS = (*BEFORE, *AFTER)

METHODS = ("GET", "POST", "PUT", "DELETE")
DEFAULT_SECONDS = 5.0
LONGEST = 3600.0

_PAGE = "<!doctype html>\n<html><head><title>Sign in to this network</title></head><body></body></html>\n"


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
    """Order a fault for the requests that `on` names: the next `times` of them, or each with the chance `rate`.

    `on` is a method, a path or both, `*` for any text and `{name}` for any segment. `seconds` are how late a slow
    answer is, or what a 429 says in Retry-After. Raises UsageError if one of them can't be.
    """
    if kind not in KINDS:
        raise UsageError(f"There is no fault '{kind}'.", hint=f"Faults: {', '.join(KINDS)}.")
    # Written so that NaN, which is neither more nor less than anything, is refused too.
    if rate is not None and not 0 < rate <= 1:
        raise UsageError(f"A rate of {rate:g} can't be.", hint="Give a part of 1, such as 0.2 for one request in five.")
    waits = kind in {"slow", "429"}
    if seconds is not None and not waits:
        raise UsageError(f"The fault {kind} takes no seconds.", hint="Only slow and 429 do.")
    if seconds is not None and not 0 <= seconds <= LONGEST:
        raise UsageError(f"{seconds:g} seconds can't be.", hint=f"Give a number from 0 to {LONGEST:g}.")
    fault = {
        "kind": kind,
        "target": _target(on),
        "times": None if rate else times,
        "rate": rate,
        "seed": seed if rate else None,
        "seconds": (DEFAULT_SECONDS if seconds is None else seconds) if waits else None,
        "met": 0,
        "struck": 0,
    }
    with Store(database) as store, store.writing():
        store.insert("faults", fault)
        return store.rows("SELECT * FROM faults ORDER BY id DESC LIMIT 1")[0]


def ordered(database: Path) -> list[Row]:
    """The faults that may still strike, oldest first: `times` more, or with the chance `rate`."""
    with Store(database) as store:
        return _faults(store)


def clear(database: Path) -> int:
    """Take back all faults and count requests as Synq does again; how many faults there were."""
    with Store(database) as store, store.writing():
        count = store.count("SELECT COUNT(*) FROM faults")
        store.run("DELETE FROM faults")
        store.run("DELETE FROM counting")
    return count


class Faults:
    """Lets at most one fault strike a request; `sleep` makes an answer late."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        store = store_of(req)
        # Most tenants have none, and then nobody needs to wait for a lock.
        fault = _striking(store, f"{req.method} {req.path}") if _faults(store) else None
        if fault and fault["kind"] in BEFORE:
            _replace(resp, fault)
        req.context.fault = fault

    def process_response(self, req: falcon.Request, resp: falcon.Response, _resource: object, _succeeded: bool) -> None:
        fault: Row | None = getattr(req.context, "fault", None)
        if fault and fault["kind"] == "slow":
            self._sleep(fault["seconds"])
        elif fault and fault["kind"] == "lost":
            _hang_up(resp)
        elif fault and fault["kind"] == "500-after":
            _blank(resp)
            resp.status = falcon.HTTP_500
            resp.media = {"error": HTTPStatus.INTERNAL_SERVER_ERROR.phrase}


def _replace(resp: falcon.Response, fault: Row) -> None:
    """Answer in the resource's place."""
    match fault["kind"]:
        case "429":
            wait = {"Retry-After": str(math.ceil(fault["seconds"])), "X-RateLimit-Remaining": "0"}
            raise refusal(429, "Rate limit exceeded", wait)
        case "expired":
            raise refusal(401, "Unauthorized: Invalid token")
        case "missing":
            raise falcon.HTTPRouteNotFound
        case "garbage":
            resp.content_type = falcon.MEDIA_HTML
            resp.text = _PAGE
        case "lost-before":
            _hang_up(resp)
        case status:
            raise refusal(int(status), HTTPStatus(int(status)).phrase)
    resp.complete = True


class _BrokenBody:
    """A body that breaks off before its first byte: whoever sends it closes the connection without an answer."""

    def __iter__(self) -> "_BrokenBody":
        return self

    def __next__(self) -> bytes:
        raise ConnectionResetError("the tenant hangs up")


def _hang_up(resp: falcon.Response) -> None:
    _blank(resp)
    resp.status = falcon.HTTP_200  # some others have no body to break off
    resp.stream = _BrokenBody()


def _blank(resp: falcon.Response) -> None:
    """Take back what the resource has answered."""
    resp.text = resp.data = resp.media = None
    resp.content_type = falcon.MEDIA_JSON


def _faults(store: Store) -> list[Row]:
    return store.rows("SELECT * FROM faults ORDER BY id")


def _striking(store: Store, request: str) -> Row | None:
    """The first fault that strikes this request, and one time fewer; None if all let it pass."""
    with store.writing():
        for fault in _faults(store):
            if not _pattern(fault["target"]).fullmatch(request):
                continue
            strikes = fault["rate"] is None or _drawn(fault) < fault["rate"]
            store.run(
                "UPDATE faults SET met = met + 1, struck = struck + :strikes, times = times - :strikes WHERE id = :id",
                {"id": fault["id"], "strikes": strikes},
            )
            if strikes:
                store.run("DELETE FROM faults WHERE times = 0")
                return fault
    return None


def _drawn(fault: Row) -> float:
    """A number from 0 to 1: always the same one for the same seed, fault and request, whichever process asks."""
    source = f"{fault['seed']} {fault['kind']} {fault['target']} {fault['met']}"
    return random.Random(source).random()  # noqa: S311 it keeps no secret


def _target(on: str) -> str:
    """The same as method and path, or * for every request; UsageError if it is something else."""
    words = on.split()
    if words == ["*"]:
        return "*"
    if len(words) == 1:
        words = ["*", *words] if words[0].startswith("/") else [*words, "*"]
    if len(words) != 2 or words[0].upper() not in {*METHODS, "*"} or not re.fullmatch(r"(\*|/[^?#]*)", words[1]):
        raise UsageError(
            f"'{on}' names no requests.",
            hint=f'Give a method ({", ".join(METHODS)}), a path or both, such as "POST /api/v1/inventory/adjust".',
        )
    return f"{words[0].upper()} {words[1]}"


def _pattern(target: str) -> re.Pattern[str]:
    wild = {"*": ".*", "{": "[^/]+"}
    parts = re.split(r"(\*|\{[^{}/]*\})", target)
    # What was split at stands in every second place.
    return re.compile("".join(wild[part[0]] if place % 2 else re.escape(part) for place, part in enumerate(parts)))
