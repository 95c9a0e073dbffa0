"""Two processes share one rate limit against a real server, on a clock that runs forty times as fast."""

import json
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread

import pytest

SPEED = 40.0
PROCESSES, CALLS, LIMIT = 2, 12, 20
CALLER = f"""
import sys, time
from typer.testing import CliRunner
from synq_cli.app import app
from synq_cli.cli.system import System
begun = float(sys.argv[3])
now = lambda: begun + (time.time() - begun) * {SPEED}
folder, url = sys.argv[1:3]
environ = {{"SYNQ_STATE_DIR": folder, "SYNQ_CONFIG_DIR": folder, "SYNQ_BASE_URL": url, "SYNQ_TOKEN": "t"}}
for _ in range({CALLS}):
    system = System(environ, now=now, sleep=lambda seconds: time.sleep(seconds / {SPEED}))
    print(CliRunner().invoke(app, ["channels", "list", "--json"], obj=system).exit_code)
"""


class Limiter:
    """20 requests in 60 s of fast time, by an exact log."""

    def __init__(self) -> None:
        self.begun = time.time()
        self.log: deque[float] = deque()
        self.lock = Lock()
        self.statuses: list[int] = []

    def take(self) -> tuple[int, int]:
        with self.lock:
            at = (time.time() - self.begun) * SPEED
            while self.log and self.log[0] <= at - 60:
                self.log.popleft()
            status = 200 if len(self.log) < LIMIT else 429
            if status == 200:
                self.log.append(at)
            self.statuses.append(status)
            return status, LIMIT - len(self.log)


@pytest.fixture
def served() -> Iterator[tuple[Limiter, str]]:
    limiter = Limiter()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, remaining = limiter.take()
            body = json.dumps({"channels": []}).encode()
            self.send_response(status)
            for name, value in {
                "X-RateLimit-Limit": LIMIT,
                "X-RateLimit-Remaining": remaining,
                "Retry-After": 1,
            }.items():
                self.send_header(name, str(value))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield limiter, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_processes_that_share_a_rate_limit_meet_no_refusal(served: tuple[Limiter, str], tmp_path: Path) -> None:
    limiter, url = served
    line = [sys.executable, "-c", CALLER, str(tmp_path), url, str(limiter.begun)]
    running = [subprocess.Popen(line, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
    printed = [process.communicate(timeout=60)[0].split() for process in running]
    assert printed == [["0"] * CALLS] * PROCESSES
    assert limiter.statuses == [200] * PROCESSES * CALLS
