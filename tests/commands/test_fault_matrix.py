"""Commands meet faults: the right exit status, one sentence, no unsafe write sent twice, nothing left locked.

`make soak` tries every fault on every operation of every command; the everyday run tries each fault once, on one.
"""

import itertools
import json
import os
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

import httpx
import pytest
from faulty import FAULTS, SKEWS, Fault, Kind, as_it_is, expected, expected_once
from misbehaving import LOST, UNREADABLE, Server, misbehaving
from shop import SEEN, Recording, Shop, examples, is_for, words_of

from synq_cli.cli import tree
from synq_cli.http import operations
from synq_cli.http.operation import Operation
from synq_cli.sandbox.server import faults as sandbox_faults

WHOLE = "SYNQ_MATRIX" in os.environ
# They log in, go on until they are stopped, or have nothing left to send.
ELSEWHERE = {"auth login", "audit tail", "inventory watch", "orders watch", "runs join", "runs resume"}
# Exit statuses beside the usual ones: 0 where a command does without an answer, or reads it again; 2 where the
# tenant has no settings yet, or no variant that a file names, as this server says.
ALSO = {
    ("inventory adjust", "list_inventory_levels"): 0,
    ("inventory adjust", "list_variants"): 2,
    ("inventory reorder", "list_inventory_ledger"): 0,
    ("inventory reorder", "list_inventory_levels"): 0,
    ("inventory reserve", "list_inventory_levels"): 0,
    ("inventory reserve", "list_variants"): 2,
    ("inventory scan", "list_inventory_levels"): 0,
    ("inventory scan", "list_locations"): 0,
    ("inventory scan", "list_products"): 0,
    ("inventory scan", "list_variants"): 0,
    ("orders brief", "list_fulfillments"): 0,
    ("orders brief", "list_inventory_levels"): 0,
    ("orders brief", "list_locations"): 0,
    ("orders brief", "list_reservations"): 0,
    ("orders brief", "list_returns"): 0,
    ("orders cancel", "list_fulfillments"): 0,
    ("orders create", "create_order"): 75,  # created in the background, and never seen
    ("orders create", "get_product"): 0,
    ("orders create", "list_variants"): 0,
    ("orders track", "list_fulfillments"): 0,
    ("orders track", "list_returns"): 0,
    ("products update", "update_product"): 0,
    ("settings set", "get_tenant_settings"): 2,
    ("today", "get_stats"): 0,
    ("today", "list_bulk_jobs"): 0,
    ("today", "list_orders"): 0,
}
# Bulk runs: a refused row is a failed one (9), a row whose answer was lost may be found in a list (0), and ten refusals
# in a row, which end a run, can take hours.
BULK = {"inventory count", "inventory transfer", "products import", "runs undo"}
# No command depends on them in a way of its own.
SAME_FOR_ALL = re.compile(r"MB|rate limit|Retry-After|date|a year ahead")
# Where a server really stalls.
SHORT = ("--timeout", "0.5")
OF_THE_BODY = {"slow body", "half a body", "a length that is too large", *UNREADABLE}
WITHOUT_BODY = {each for each in operations.ALL if each.gives == "nothing"}
# Those of `synq sandbox fault`.
STATUSES = {"expired": 401, "missing": 404, "500-after": 500, "429": 429, "500": 500, "502": 502, "503": 503}
KINDS: dict[str, Kind] = {"garbage": "unreadable", "lost": "lost", "lost-before": "lost", "slow": "lost"}
ORDERED = [Fault(name, KINDS.get(name, "status"), as_it_is, STATUSES.get(name, 200)) for name in sandbox_faults.KINDS]


class Cell(NamedTuple):
    """A line of a command, and the operation whose requests meet a fault."""

    node: tree.Node
    words: list[str]
    operation: Operation

    @property
    def command(self) -> str:
        return " ".join(self.node.words)

    def allowed(self, fault: Fault, *, once: bool = False) -> set[int]:
        """The exit statuses of a line whose requests meet the fault, all or only the first."""
        if self.command == "doctor":
            return {0}  # what it finds is no error
        if self.command in BULK and fault.kind not in {"fine", "unsent"}:
            # Without levels, or with none, a transfer is not checked, or refused.
            also = {0, 2, 11} if self.operation.effect == "read" else {0, 9}
            return also | expected(fault, self.operation)
        usual = {expected_once(fault, self.operation)} if once else expected(fault, self.operation)
        return usual | {status for which, status in ALSO.items() if which == (self.command, self.operation.id)}


def called(method: str, path: str) -> Operation | None:
    return next((each for each in operations.ALL if is_for(method, path, each)), None)


def lines() -> dict[str, list[Cell]]:
    """The examples of each command that calls the API, with the operation that it is for."""
    found: dict[str, list[Cell]] = {}
    for node, example in examples():
        words, command = words_of(example), " ".join(node.words)
        is_own = " ".join(words).startswith(command) and "--dry-run" not in words
        if node.spec.operations and is_own and command not in ELSEWHERE:
            found.setdefault(command, []).append(Cell(node, words, node.spec.operations[0]))
    return found


LINES = lines()


def cells(shop: Shop, command: str) -> Iterator[Cell]:
    """A line for each operation that the command calls."""
    met: set[str] = set()
    for line in LINES[command]:
        shop.restore()
        clean = Recording(shop.server)
        assert shop.call(line.words, clean).status == 0
        shop.restore()
        for operation in filter(None, itertools.starmap(called, clean.seen)):
            if operation.id not in met:
                met.add(operation.id)
                yield line._replace(operation=operation)


class Faulty(httpx.BaseTransport):
    """A transport on which requests of one operation meet a fault, at most `times` of them."""

    def __init__(self, shop: Shop, operation: Operation, fault: Fault, times: int | None) -> None:
        self._shop = shop
        self._operation = operation
        self._fault = fault
        self._left = times
        self.met = 0
        self.changes = 0  # requests that may have changed the tenant
        # Each request, and whether it may have been carried out without an answer that says so.
        self.sent: list[tuple[Operation | None, bytes, bool]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        operation, content = called(request.method, request.url.path), request.read()

        def forward() -> httpx.Response:
            self.changes += request.method != "GET"
            reply = self._shop.server.handle_request(request)
            reply.read()
            return reply

        strikes = operation == self._operation and self._left != 0
        self.sent.append((operation, content, strikes and self._fault.is_unclear))
        if not strikes:
            return forward()
        self.met += 1
        if self._left is not None:
            self._left -= 1
        reply = self._fault.reply(forward)
        self._shop.synq.clock += self._fault.skew
        self._shop.ahead += self._fault.skew
        return reply


def sent_twice(sent: list[tuple[Operation | None, bytes, bool]]) -> Iterator[str]:
    """Unsafe writes that were sent although they may have been carried out before, and orders with two keys."""
    unclear: set[tuple[str, bytes]] = set()
    keyed: set[bytes] = set()
    for operation, content, is_unclear in sent:
        if operation and operation.retry == "unsafe" and (operation.id, content) in unclear:
            yield f"{operation.id} was sent again"
        if operation and is_unclear:
            unclear.add((operation.id, content))
        if operation and operation.retry == "keyed":
            keyed.add(content)
    if len(keyed) > 1:
        yield "one order was sent with several keys"


def wrong_with(result: Any, allowed: set[int], exits: list[int], *, as_json: bool) -> Iterator[str]:
    """What is wrong with the end of a run."""
    if result.status not in allowed:
        yield f"exit {result.status}, not {sorted(allowed)}"
    if result.status not in exits:
        yield f"exit {result.status} is not in `synq schema`"
    if "Traceback" in result.err or "bug in synq" in result.err:
        yield "a bug"
    # After a question, which nobody answered with Enter here, the error is on the same line.
    pattern = r'(\{"error":.*)' if as_json else r"(?:^|\] |\x1b\[2K)synq: (.*)"
    said = re.findall(pattern, result.err, re.MULTILINE)
    if any(not each.isprintable() for text in said for each in text):
        yield "control characters"
    said = [json.loads(text)["error"]["message"] if as_json else text for text in said]
    if len(said) != (result.status != 0) or not all(0 < len(text) < 800 and text[-1] in ".?" for text in said):
        yield f"says {said}"


def meet(shop: Shop, cell: Cell, fault: Fault, *, once: bool = False, as_json: bool) -> list[str] | None:
    """What is wrong when a line meets this fault, and with the command after it; None if the line never met it."""
    if cell.command in BULK and fault.status == 429 and not once:
        return None
    shop.restore()
    http = Faulty(shop, cell.operation, fault, 1 if once else None)
    allowed = cell.allowed(fault, once=once)
    environ = {"COLUMNS": "5000"} | ({"SYNQ_OUTPUT": "json"} if as_json else {})
    result = shop.call(cell.words, http, environ)
    if not http.met:
        return None
    wrong = [*wrong_with(result, allowed, cell.node.spec.exits, as_json=as_json), *sent_twice(http.sent)]
    # The longest time for which a reply can block a host has passed, and a missing route is not asked for again.
    shop.synq.clock += 3600
    following = (
        ["channels", "list"] if http.changes or fault.status in {404, 405} or cell.command in BULK else cell.words
    )
    after = shop.call(following, Recording(shop.server))
    if after.status:
        wrong.append(f"the next command exits with {after.status}: {after.err}")
    wrong += [f"left {path.name}" for path in shop.folder.rglob("*.new")]
    where = f"{' '.join(cell.words)} ({cell.operation.id}), {fault.name}{', once' if once else ''}"
    return [f"{where}: {what} << {result.err[-400:]!r}" for what in wrong]


@pytest.fixture(scope="module")
def shop(machine: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(machine, tmp_path_factory.mktemp("faulty"))


def each_once(shop: Shop) -> Iterator[list[str] | None]:
    """Every other fault, each on one command."""
    commands = itertools.cycle(line for lines in LINES.values() for line in lines[:1])
    small = [fault for fault in FAULTS if "MB" not in fault.name]
    for number, fault in enumerate(small[::2]):
        yield meet(shop, next(commands), fault, as_json=number % 2 == 0)


def every_one(shop: Shop, command: str) -> Iterator[list[str] | None]:
    """Every fault on every operation of a command."""
    for number, cell in enumerate(cells(shop, command)):
        for n, fault in enumerate(FAULTS):
            if number and SAME_FOR_ALL.search(fault.name):
                continue
            yield meet(shop, cell, fault, as_json=n % 2 == 0)
            if fault.passing:
                yield meet(shop, cell, fault, once=True, as_json=n % 2 == 1)


@pytest.mark.parametrize("command", LINES if WHOLE else [""])
def test_commands_meet_faults(shop: Shop, monkeypatch: pytest.MonkeyPatch, record_property: Any, command: str) -> None:
    monkeypatch.chdir(shop.folder)
    tried = list(every_one(shop, command) if command else each_once(shop))
    met = [wrong for wrong in tried if wrong is not None]
    record_property("cells", len(met))
    assert list(itertools.chain(*met)) == []
    assert command or len(met) > 40  # a few lines reach their operation only with other options


# Over real connections


class Distant(NamedTuple):
    """The shop of somebody who knows the tenant over a server on loopback."""

    shop: Shop
    server: Server


@pytest.fixture(scope="module")
def distant(machine: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Distant]:
    known = tmp_path_factory.mktemp("known")
    shutil.copytree(machine, known, dirs_exist_ok=True)
    profiles = "profiles: {default: {location: Leith warehouse}}\n"
    (known / "config" / "config.yaml").write_text(profiles, encoding="utf-8")
    shop = Shop(known, tmp_path_factory.mktemp("distant"))
    with misbehaving(shop.server) as server:
        shop.environ["SYNQ_BASE_URL"] = server.url
        for line in SEEN:
            assert shop.call(line.split()).status == 0
        shutil.copytree(shop.folder, known, dirs_exist_ok=True)
        yield Distant(shop, server)


def meet_on_the_wire(distant: Distant, cell: Cell, fault: Fault, *options: str) -> list[str] | None:
    """What is wrong when a line meets what the server was told to do; None if its request did not get there."""
    shop, server = distant
    server.sent.clear()
    server.stop = Event()
    # With no time to wait there is no retry.
    result = shop.call([*cell.words, "--max-wait", "0", *options], environ={"COLUMNS": "5000"})
    server.stop.set()
    server.applies = lambda _method, _path: False
    operations_sent = [called(each.method, each.url.path) for each in server.sent]
    if cell.operation not in operations_sent:
        return None
    allowed = cell.allowed(fault)
    if fault.name in OF_THE_BODY and cell.operation in {operations.RECEIVE_WEBHOOK, *WITHOUT_BODY}:
        allowed.add(0)
    wrong = list(wrong_with(result, allowed, cell.node.spec.exits, as_json=False))
    most = 2 if cell.command == "inventory transfer" else 1  # it has two halves
    if operations_sent.count(cell.operation) > most and cell.operation.effect != "read":
        wrong.append(f"{cell.operation.id} was sent more than once")
    assert shop.synq("sandbox", "fault", "clear").status == 0
    if (after := shop.call(["channels", "list"])).status:
        wrong.append(f"the next command exits with {after.status}: {after.err}")
    where = f"{' '.join(cell.words)} ({cell.operation.id}), {fault.name}"
    return [f"{where}: {what} << {result.err[-400:]!r}" for what in wrong]


@pytest.mark.parametrize("command", LINES if WHOLE else ["channels create"])
def test_commands_meet_faults_on_the_wire(
    shop: Shop, distant: Distant, monkeypatch: pytest.MonkeyPatch, record_property: Any, command: str
) -> None:
    monkeypatch.chdir(shop.folder)
    tried: list[list[str] | None] = []
    for cell in list(cells(shop, command)):
        for name, misbehave in (LOST | UNREADABLE).items():
            distant.shop.restore()
            distant.server.fault = misbehave
            distant.server.applies = lambda method, path, call=cell.operation: is_for(method, path, call)
            fault = Fault(name, "lost" if name in LOST else "unreadable", as_it_is)
            tried.append(meet_on_the_wire(distant, cell, fault, *(SHORT if name.startswith("slow") else ())))
        for fault in ORDERED:
            if command in BULK and fault.status == 429:
                continue
            distant.shop.restore()
            on = f"{cell.operation.method} {cell.operation.path}"
            line = ("sandbox", "fault", "add", fault.name, "--on", on, "--times", "9")
            assert distant.shop.synq(*line, *(("--seconds", "1") if fault.name == "slow" else ())).status == 0
            tried.append(meet_on_the_wire(distant, cell, fault, *(SHORT if fault.name == "slow" else ())))
    met = [wrong for wrong in tried if wrong is not None]
    record_property("cells", len(met))
    assert list(itertools.chain(*met)) == []


@pytest.mark.parametrize("command", LINES if WHOLE else ["channels create"])
def test_commands_after_this_clock_was_set(
    shop: Shop, distant: Distant, monkeypatch: pytest.MonkeyPatch, record_property: Any, command: str
) -> None:
    monkeypatch.chdir(shop.folder)
    tried = [
        meet(distant.shop, cell, fault, once=True, as_json=False)
        for cell in list(cells(shop, command))
        for fault in SKEWS
    ]
    met = [wrong for wrong in tried if wrong is not None]
    record_property("cells", len(met))
    assert list(itertools.chain(*met)) == []


@pytest.mark.parametrize("command", LINES if WHOLE else ["channels create"])
def test_commands_that_can_not_connect(
    distant: Distant, monkeypatch: pytest.MonkeyPatch, record_property: Any, command: str
) -> None:
    monkeypatch.chdir(distant.shop.folder)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        refused = f"http://127.0.0.1:{closed.getsockname()[1]}"
    tls = distant.server.url.replace("http:", "https:")  # it speaks plain HTTP
    tried = 0
    for url in (refused, "https://synq.invalid", tls):
        distant.shop.restore()
        cell = LINES[command][0]
        result = distant.shop.call([*cell.words, "--max-wait", "0"], environ={"COLUMNS": "5000", "SYNQ_BASE_URL": url})
        # At this address no id is known by its first characters, and no run was started.
        allowed = {
            "doctor": {0},
            "find": {0, 7},  # the cache knows what its first example looks for, but not at this address
            "inventory scan": {0},
        }.get(command, {2} if " id " in result.err else {11 if cell.node.words[0] == "runs" else 7})
        assert list(wrong_with(result, allowed, cell.node.spec.exits, as_json=False)) == [], (url, result.err)
        tried += result.status == 7
    record_property("cells", tried)


def test_login_that_meets_a_fault_stores_nothing(synq: Any, shop: Shop, record_property: Any) -> None:
    node = next(node for node, _ in examples() if node.words == ("auth", "login"))
    line = ["auth", "login", "--with-token", "--insecure-storage", "--base-url", "https://api.test"]
    tried = FAULTS if WHOLE else FAULTS[::16]
    for fault in tried:
        shop.restore()
        synq.clock = shop.synq.clock
        http = Faulty(shop, operations.LIST_CHANNELS, fault, None)
        result = synq(*line, stdin=shop.environ["SYNQ_TOKEN"], http=http, environ={"COLUMNS": "5000"})
        allowed = expected(fault, operations.LIST_CHANNELS)
        assert list(wrong_with(result, allowed, node.spec.exits, as_json=False)) == [], (fault.name, result.err)
        assert (synq.folder / "config" / "credentials.json").exists() == (result.status == 0), fault.name
        shutil.rmtree(synq.folder / "config", ignore_errors=True)
        shutil.rmtree(synq.folder / "state")
    record_property("cells", len(tried))
