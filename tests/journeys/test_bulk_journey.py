"""A bulk run as a real process: killed, interrupted and resumed, against the served sandbox and a slow server."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

SYNQ = str(Path(sys.executable).with_name("synq"))
LEITH = "Leith warehouse"
ROWS = 40


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    folders = {"SYNQ_CONFIG_DIR": str(tmp_path / "config"), "SYNQ_STATE_DIR": str(tmp_path / "state")}
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **folders}


@pytest.fixture
def served(environ: dict[str, str]) -> Iterator[dict[str, str]]:
    """The environment that leads to a served sandbox."""
    serving = [SYNQ, "sandbox", "serve", "--port", "0"]
    with subprocess.Popen(serving, env=environ, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        url = server.stderr.readline().split(" on ")[1].split(";")[0]
        token = subprocess.run([SYNQ, "sandbox", "token"], env=environ, capture_output=True, text=True, check=True)
        yield environ | {"SYNQ_BASE_URL": url, "SYNQ_TOKEN": token.stdout.strip()}
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0


def synq(environ: dict[str, str], *line: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SYNQ, *line], env=environ, capture_output=True, text=True, timeout=60, check=False)


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.005)  # another process is at work; nothing tells when it is far enough


def finished_rows(folder: Path) -> int:
    """How many rows of the only run have come back."""
    journals = list((folder / "state" / "runs").glob("*.sqlite3"))
    if not journals:
        return 0
    with closing(sqlite3.connect(journals[0])) as journal:
        return int(journal.execute("SELECT COUNT(*) FROM entries WHERE state = 'done'").fetchone()[0])


def test_a_killed_run_is_resumed_and_each_row_is_there_once(served: dict[str, str], tmp_path: Path) -> None:
    database = tmp_path / "state" / "sandbox.sqlite3"
    with closing(sqlite3.connect(database)) as tenant:
        skus = [row[0] for row in tenant.execute("SELECT sku FROM live_variants ORDER BY sku LIMIT ?", (ROWS,))]
        mark = tenant.execute("SELECT MAX(sequence) FROM ledger").fetchone()[0]
    counts = tmp_path / "counts.csv"
    counts.write_text("sku,delta\n" + "".join(f"{sku},{n}\n" for n, sku in enumerate(skus, 101)), encoding="utf-8")
    line = [SYNQ, "inventory", "adjust", "--file", str(counts), "--location", LEITH, "--yes"]
    adjust = "POST /api/v1/inventory/adjust"
    assert (
        synq(served, "sandbox", "fault", "add", "slow", "--on", adjust, "--times", "99", "--seconds", "1").returncode
        == 0
    )
    with subprocess.Popen(line, env=served, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        until(lambda: finished_rows(tmp_path) >= 5)
        run.kill()
    assert synq(served, "sandbox", "fault", "clear").returncode == 0
    (row,) = json.loads(synq(served, "runs", "list", "--json").stdout)
    assert row["state"] == "stopped"
    assert row["done"] < ROWS
    resumed = synq(served, "runs", "resume", row["id"], "--json")
    summary = json.loads(resumed.stdout)
    assert resumed.returncode == (10 if summary["unknown"] else 0), resumed.stderr
    assert summary["done"] + summary["unknown"] == ROWS
    with closing(sqlite3.connect(database)) as tenant:
        posted = Counter(
            row[0] for row in tenant.execute("SELECT quantity_delta FROM ledger WHERE sequence > ?", (mark,))
        )
    unknown = {101 + number - 2 for number in summary["unknown_lines"]}
    assert set(posted.values()) == {1}
    assert set(range(101, 101 + ROWS)) - unknown <= set(posted) <= set(range(101, 101 + ROWS))


def test_killed_orders_are_placed_once_each_by_resume(served: dict[str, str], tmp_path: Path) -> None:
    item = {"product_title": "Repair", "quantity": 1, "unit_price": 89.5}
    wanted = [f"killed-{n}" for n in range(ROWS)]
    orders = tmp_path / "orders.ndjson"
    with orders.open("w", encoding="utf-8") as file:
        for reference in wanted:
            order = {"payment_provider": "stripe", "payment_reference": reference, "currency": "GBP", "items": [item]}
            file.write(json.dumps(order) + "\n")
    line = [SYNQ, "orders", "create", "--file", str(orders), "--yes"]
    slow = ("slow", "--on", "POST /api/v1/oms/orders", "--times", "99", "--seconds", "1")
    assert synq(served, "sandbox", "fault", "add", *slow).returncode == 0
    with subprocess.Popen(line, env=served, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        until(lambda: finished_rows(tmp_path) >= 5)
        run.kill()
    assert synq(served, "sandbox", "fault", "clear").returncode == 0
    (row,) = json.loads(synq(served, "runs", "list", "--json").stdout)
    assert row["done"] < ROWS
    resumed = synq(served, "runs", "resume", row["id"], "--json")
    # What was on its way goes again under its key, so that nothing stays unknown.
    assert (resumed.returncode, json.loads(resumed.stdout)["done"]) == (0, ROWS), resumed.stderr
    with closing(sqlite3.connect(tmp_path / "state" / "sandbox.sqlite3")) as tenant:
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


@pytest.mark.parametrize(("patient", "sent"), [(True, signal.SIGINT), (False, signal.SIGINT), (True, signal.SIGTERM)])
def test_ctrl_c_waits_for_what_is_on_its_way_and_a_second_one_does_not(
    slow: tuple[type[Slow], str], environ: dict[str, str], tmp_path: Path, patient: bool, sent: signal.Signals
) -> None:
    server, url = slow
    place = "e07a2f5c-41b8-4d93-8c6e-b9f5d3a1720e"
    counts = tmp_path / "counts.csv"
    variants = [f"{number:08d}-1111-4111-8111-111111111111" for number in range(20)]
    counts.write_text("variant_id,delta\n" + "".join(f"{variant},1\n" for variant in variants), encoding="utf-8")
    there = environ | {"SYNQ_BASE_URL": url, "SYNQ_TOKEN": "t"}
    line = [SYNQ, "inventory", "adjust", "--file", str(counts), "--location", place, "--yes", "--json"]
    with subprocess.Popen(line, env=there, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert server.arrived.wait(30)
        run.send_signal(sent)  # a scheduler ends a job with SIGTERM
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
