"""A bulk run as a real process: killed, interrupted and resumed, against the served sandbox and a slow server."""

import json
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
from runner import Result, Runner
from served import LEITH, STARTED, own_environ, served, started

ROWS = 40


class Shop:
    """A served tenant, runs in processes that are killed, and runs in this one on the same folders."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.folder = folder
        self._environ = environ
        self._runner = Runner(folder, clock=STARTED)

    def __call__(self, *line: str) -> Result:
        self._runner.clock = time.time()
        return self._runner(*line, environ=self._environ)

    @property
    def tenant(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(self.folder / "state" / "sandbox.sqlite3"))

    def kill_amid(self, line: list[str], slow: str) -> str:
        """Run it while requests like `slow` take their time, kill it when five rows are done; the id of its run."""
        known = set(self._journals())
        times = ("--times", "99", "--seconds", "0.25")
        assert self("sandbox", "fault", "add", "slow", "--on", slow, *times).status == 0
        with started(*line, environ=self._environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
            until(lambda: sum(map(finished_rows, set(self._journals()) - known)) >= 5)
            run.kill()
        assert self("sandbox", "fault", "clear").status == 0
        (row,) = (row for row in json.loads(self("runs", "list", "--json").out) if row["state"] == "stopped")
        assert row["done"] < ROWS
        return str(row["id"])

    def _journals(self) -> Iterator[Path]:
        return (self.folder / "state" / "runs").glob("*.sqlite3")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    with served(folder) as environ:
        yield Shop(folder, environ)


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.005)  # another process is at work; nothing tells when it is far enough


def finished_rows(journal: Path) -> int:
    """How many rows of a run have come back."""
    with closing(sqlite3.connect(journal)) as opened:
        if not opened.execute("SELECT 1 FROM sqlite_master WHERE name = 'entries'").fetchone():
            return 0  # it is only being created
        return int(opened.execute("SELECT COUNT(*) FROM entries WHERE state = 'done'").fetchone()[0])


def test_a_killed_run_is_resumed_and_each_row_is_there_once(shop: Shop, tmp_path: Path) -> None:
    with shop.tenant as tenant:
        skus = [row[0] for row in tenant.execute("SELECT sku FROM live_variants ORDER BY sku LIMIT ?", (ROWS,))]
        mark = tenant.execute("SELECT MAX(sequence) FROM ledger").fetchone()[0]
    counts = tmp_path / "counts.csv"
    counts.write_text("sku,delta\n" + "".join(f"{sku},{n}\n" for n, sku in enumerate(skus, 101)), encoding="utf-8")
    line = ["inventory", "adjust", "--file", str(counts), "--location", LEITH, "--yes"]
    resumed = shop("runs", "resume", shop.kill_amid(line, "POST /api/v1/inventory/adjust"), "--json")
    summary = json.loads(resumed.out)
    assert resumed.status == (10 if summary["unknown"] else 0), resumed.err
    assert summary["done"] + summary["unknown"] == ROWS
    with shop.tenant as tenant:
        posted = Counter(
            row[0] for row in tenant.execute("SELECT quantity_delta FROM ledger WHERE sequence > ?", (mark,))
        )
    unknown = {101 + number - 2 for number in summary["unknown_lines"]}
    assert set(posted.values()) == {1}
    assert set(range(101, 101 + ROWS)) - unknown <= set(posted) <= set(range(101, 101 + ROWS))


def test_killed_orders_are_placed_once_each_by_resume(shop: Shop, tmp_path: Path) -> None:
    item = {"product_title": "Repair", "quantity": 1, "unit_price": 89.5}
    wanted = [f"killed-{n}" for n in range(ROWS)]
    orders = tmp_path / "orders.ndjson"
    with orders.open("w", encoding="utf-8") as file:
        for reference in wanted:
            order = {"payment_provider": "stripe", "payment_reference": reference, "currency": "GBP", "items": [item]}
            file.write(json.dumps(order) + "\n")
    line = ["orders", "create", "--file", str(orders), "--yes"]
    resumed = shop("runs", "resume", shop.kill_amid(line, "POST /api/v1/oms/orders"), "--json")
    # What was on its way goes again under its key, so that nothing stays unknown.
    assert (resumed.status, json.loads(resumed.out)["done"]) == (0, ROWS), resumed.err
    with shop.tenant as tenant:
        placed = tenant.execute(
            "SELECT payment_reference FROM orders WHERE payment_reference LIKE 'killed-%'"
        ).fetchall()
    assert sorted(reference for (reference,) in placed) == sorted(wanted)


class Slow(BaseHTTPRequestHandler):
    """Takes adjustments, and answers each only when it may."""

    arrived: Event
    may_answer: Event

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.arrived.set()
        self.may_answer.wait(20)
        body = b'{"id": "19f6a8d3-c7b0-4e52-9b4f-0e3d5a82c7f1"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def slow() -> Iterator[tuple[type[Slow], str]]:
    class Handler(Slow):
        arrived, may_answer = Event(), Event()

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield Handler, f"http://127.0.0.1:{server.server_address[1]}"
        Handler.may_answer.set()
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("patient", "sent"),
    [(True, signal.SIGINT), (False, signal.SIGINT), (True, signal.SIGTERM), (True, signal.SIGHUP)],
)
def test_first_ctrl_c_waits_for_rows_in_flight_and_the_second_does_not(
    slow: tuple[type[Slow], str], tmp_path: Path, patient: bool, sent: signal.Signals
) -> None:
    server, url = slow
    place = "e07a2f5c-41b8-4d93-8c6e-b9f5d3a1720e"
    counts = tmp_path / "counts.csv"
    variants = [f"{number:08d}-1111-4111-8111-111111111111" for number in range(20)]
    counts.write_text("variant_id,delta\n" + "".join(f"{variant},1\n" for variant in variants), encoding="utf-8")
    there = own_environ(tmp_path) | {"SYNQ_BASE_URL": url, "SYNQ_TOKEN": "t"}
    line = ("inventory", "adjust", "--file", str(counts), "--location", place, "--yes", "--json")
    with started(*line, environ=there, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert server.arrived.wait(30)
        run.send_signal(sent)  # a scheduler ends a job with SIGTERM, a terminal that goes away with SIGHUP
        assert run.stderr is not None
        while "Stopping; waiting for" not in (said := run.stderr.readline()):
            assert said
        if patient:
            server.may_answer.set()
        else:
            run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=30)
    summary = json.loads(out)
    assert run.returncode == 130
    assert summary["state"] == "stopped"
    assert summary["pending"] > 0
    assert (summary["done"] > 0, summary["unknown"] > 0) == (patient, not patient)
    assert f"synq runs resume {summary['id']}" in err


def test_a_run_under_nohup_survives_its_terminal(slow: tuple[type[Slow], str], tmp_path: Path) -> None:
    server, url = slow
    counts = tmp_path / "counts.csv"
    counts.write_text("variant_id,delta\n00000001-1111-4111-8111-111111111111,1\n", encoding="utf-8")
    there = own_environ(tmp_path) | {"SYNQ_BASE_URL": url, "SYNQ_TOKEN": "t"}
    place = "e07a2f5c-41b8-4d93-8c6e-b9f5d3a1720e"
    line = ("inventory", "adjust", "--file", str(counts), "--location", place, "--yes", "--json", "-q")
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # which the process inherits
    try:
        with started(*line, environ=there, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
            assert server.arrived.wait(30)
            run.send_signal(signal.SIGHUP)
            server.may_answer.set()
            out, err = run.communicate(timeout=30)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert (run.returncode, json.loads(out)["done"]) == (0, 1), err
