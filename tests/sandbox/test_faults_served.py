"""What a client sees of the faults over a real connection."""

import http.client
import json
import socket
import subprocess
import sys
import time
import urllib.parse

import pytest

from synq_cli.sandbox.server import faults
from synq_cli.sandbox.server.identity import issue_token
from synq_cli.sandbox.store import store
from synq_cli.sandbox.store.store import Store

PROGRAM = """
import sys
from pathlib import Path
from synq_cli.sandbox.server.serve import serve
serve(Path(sys.argv[1]), 0, lambda url: print(url, flush=True))
"""
ADJUST = "POST /api/v1/inventory/adjust"


class Served:
    """A tenant served by another process."""

    def __init__(self, database, base_url):
        self.database = database
        self.address = urllib.parse.urlsplit(base_url)
        self.environ = {"SYNQ_BASE_URL": base_url, "SYNQ_TOKEN": issue_token(database)}
        with Store(database) as tenant:
            self.place = tenant.row("SELECT variant_id, location_id FROM ledger LIMIT 1")

    @property
    def entries(self):
        with Store(self.database) as tenant:
            return tenant.count("SELECT COUNT(*) FROM ledger")

    def adjust_raw(self):
        """Every byte that comes back until the connection is closed."""
        body = json.dumps({**self.place, "quantity_delta": -1})
        token = self.environ["SYNQ_TOKEN"]
        lines = [
            f"{ADJUST} HTTP/1.1",
            "Host: sandbox",
            f"Authorization: Bearer {token}",
            f"Content-Length: {len(body)}",
        ]
        with socket.create_connection((self.address.hostname, self.address.port), timeout=10) as connection:
            connection.sendall("\r\n".join([*lines, "", body]).encode())
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def adjust(self, synq, *options):
        options = ("--location", self.place["location_id"], "--quiet", *options)
        return synq("inventory", "adjust", self.place["variant_id"], "-1", *options, environ=self.environ)


@pytest.fixture
def synq(synq):
    synq.clock = time.time()  # as in the process that serves the tenant
    return synq


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    database = tmp_path_factory.mktemp("served") / "sandbox.sqlite3"
    store.create(database, 1, 1_763_640_000.0)
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(database)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            yield Served(database, server.stdout.readline().strip())
        finally:
            server.terminate()
            errors = server.communicate(timeout=20)[1]
    assert errors == ""


@pytest.mark.parametrize(("kind", "done"), [("lost-before", 0), ("lost", 1)])
def test_the_server_closes_the_connection_without_a_byte(served, kind, done):
    before = served.entries
    faults.add(served.database, kind, on=ADJUST)
    assert served.adjust_raw() == b""
    assert served.entries == before + done
    connection = http.client.HTTPConnection(served.address.hostname, served.address.port, timeout=10)
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
    before = served.entries
    faults.add(served.database, "lost", on=ADJUST)
    lost = served.adjust(synq)
    assert (lost.status, lost.out) == (10, "")
    assert "the connection to 127.0.0.1" in lost.err
    assert "it was most likely applied. Do not send it again." in lost.err
    assert served.entries == before + 1


def test_a_late_reply_is_an_unknown_outcome(served, synq):
    before = served.entries
    faults.add(served.database, "slow", on=ADJUST, seconds=2)
    late = served.adjust(synq, "--timeout", "1")
    assert (late.status, late.out) == (10, "")
    assert "did not answer within 1 s" in late.err
    assert served.entries == before + 1


def test_lost_lists_are_requested_again(served, synq):
    faults.add(served.database, "lost", on="GET /api/v1/channels", times=2)
    listing = synq("channels", "list", "--fields", "name", environ=served.environ)
    assert (listing.status, synq.slept) == (0, [0.5, 1.0])
    assert listing.out.startswith("name\n")
