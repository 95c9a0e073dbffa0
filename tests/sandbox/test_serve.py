"""The tenant served over real connections, faults included."""

import http.client
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
from pathlib import Path
from types import SimpleNamespace

import pytest

from synq_cli.errors import UsageError
from synq_cli.sandbox.server import faults
from synq_cli.sandbox.server.identity import issue_token
from synq_cli.sandbox.server.serve import serve
from synq_cli.sandbox.store.store import Store

PROGRAM = """
import sys
from pathlib import Path
from synq_cli.sandbox.server.serve import serve
serve(Path(sys.argv[1]), 0, lambda url: print(url, flush=True))
print("ended", flush=True)
"""
ADJUST = "POST /api/v1/inventory/adjust"


@pytest.fixture(scope="module")
def served(fresh, tmp_path_factory):
    """A tenant served by another process, which ends with Ctrl-C and has nothing to complain about."""
    database = Path(shutil.copy(fresh, tmp_path_factory.mktemp("served")))
    command = [sys.executable, "-c", PROGRAM, str(database)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            url = server.stdout.readline().strip()
            with Store(database) as opened:
                place = opened.row("SELECT variant_id, location_id FROM ledger LIMIT 1")
            yield SimpleNamespace(
                url=url,
                port=urllib.parse.urlsplit(url).port,
                token=issue_token(database),
                database=database,
                place=place,
            )
            if sys.platform != "win32":  # which cannot send Ctrl-C to one process
                server.send_signal(signal.SIGINT)
                assert server.communicate(timeout=20) == ("ended\n", "")
                assert server.returncode == 0
        finally:
            server.kill()


def entries(served):
    with Store(served.database) as opened:
        return opened.count("SELECT COUNT(*) FROM ledger")


def test_a_served_tenant_answers_on_loopback(served):
    assert served.url == f"http://127.0.0.1:{served.port}"
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    connection.request("GET", "/api/v1/oms/orders?limit=3", headers={"Authorization": f"Bearer {served.token}"})
    reply = connection.getresponse()
    assert (reply.status, reply.headers["X-RateLimit-Limit"], len(json.loads(reply.read())["orders"])) == (
        200,
        "100",
        3,
    )
    connection.close()


@pytest.mark.parametrize(("kind", "done"), [("lost-before", 0), ("lost", 1)])
def test_a_fault_closes_the_connection_without_a_byte(served, kind, done):
    before = entries(served)
    faults.add(served.database, kind, on=ADJUST)
    body = json.dumps({**served.place, "quantity_delta": -1})
    headers = ("Host: sandbox", f"Authorization: Bearer {served.token}", f"Content-Length: {len(body)}")
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as raw:
        raw.sendall("\r\n".join([f"{ADJUST} HTTP/1.1", *headers, "", body]).encode())
        assert b"".join(iter(lambda: raw.recv(65536), b"")) == b""
    assert entries(served) == before + done
    # One that is in use is closed too, and the next one works.
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    connection.request("GET", "/health")
    assert connection.getresponse().read() == b"OK"
    faults.add(served.database, kind)
    connection.request("GET", "/health")
    with pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()
    connection.close()
    connection.request("GET", "/health")
    assert connection.getresponse().read() == b"OK"
    connection.close()


def test_a_lost_reply_is_an_unknown_outcome(served, synq):
    before = entries(served)
    faults.add(served.database, "lost", on=ADJUST)
    synq.clock = time.time()  # as in the process that serves the tenant
    line = ("inventory", "adjust", served.place["variant_id"], "-1", "--location", served.place["location_id"])
    lost = synq(*line, "--quiet", environ={"SYNQ_BASE_URL": served.url, "SYNQ_TOKEN": served.token})
    assert (lost.status, lost.out, "the connection to 127.0.0.1" in lost.err) == (10, "", True)
    assert entries(served) == before + 1


def test_a_port_that_is_taken_and_a_file_that_is_missing(database, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} can't be served: "):
            serve(database, port, print)
    with pytest.raises(UsageError, match="There is no sandbox at"):
        serve(tmp_path / "none", 0, print)
