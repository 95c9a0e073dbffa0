import http.client
import json
import signal
import socket
import subprocess
import sys
import urllib.parse

import pytest

from synq_cli.errors import UsageError
from synq_cli.sandbox.server.identity import issue_token
from synq_cli.sandbox.server.serve import serve

PROGRAM = """
import sys
from pathlib import Path
from synq_cli.sandbox.server.serve import serve
serve(Path(sys.argv[1]), 0, lambda url: print(url, flush=True))
print("ended", flush=True)
"""


def never(_url):
    raise AssertionError


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process")
def test_a_tenant_is_served_on_loopback_until_ctrl_c(database):
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(database)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            url = urllib.parse.urlsplit(server.stdout.readline().strip())
            assert (url.scheme, url.hostname, url.path) == ("http", "127.0.0.1", "")
            connection = http.client.HTTPConnection(url.hostname, url.port, timeout=10)
            connection.request(
                "GET",
                "/api/v1/oms/orders?limit=3",
                headers={"Authorization": f"Bearer {issue_token(database)}"},
            )
            reply = connection.getresponse()
            assert (reply.status, reply.headers["X-RateLimit-Remaining"]) == (200, "99")
            assert len(json.loads(reply.read())["orders"]) == 3
            connection.close()
            server.send_signal(signal.SIGINT)
            out, errors = server.communicate(timeout=20)
        finally:
            server.kill()
    assert (server.returncode, out, errors) == (0, "ended\n", "")


def test_a_port_that_is_taken_and_a_file_that_is_missing(database, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} cannot be served: "):
            serve(database, port, never)
    with pytest.raises(UsageError, match="There is no sandbox at"):
        serve(tmp_path / "none", 0, never)
