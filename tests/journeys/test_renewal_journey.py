"""Three processes find that their token has ended: one renews it, the others read it again."""

import base64
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

import pytest
from runner import tokens_in

SYNQ = str(Path(sys.executable).with_name("synq"))
COUNT = 3


def jwt(**claims: object) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims)]
    return ".".join([*parts, "signature"])


class Api(ThreadingHTTPServer):
    """An API of this machine that counts which tokens it was asked with."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: Counter[str] = Counter()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Api)
        self.server.seen[self.headers["Authorization"].removeprefix("Bearer ")] += 1
        self.send_response(200)
        self.send_header("Content-Length", "15")
        self.end_headers()
        self.wfile.write(b'{"channels":[]}')

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def api() -> Iterator[Api]:
    with Api() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize("store", ["file", "keyring"])
def test_processes_that_renew_at_once_run_the_command_once(
    tmp_path: Path, api: Api, store: Literal["file", "keyring"], request: pytest.FixtureRequest, monkeypatch: Any
) -> None:
    session: dict[str, str] = request.getfixturevalue("keyring_session") if store == "keyring" else {}
    for name, value in session.items():
        monkeypatch.setenv(name, value)
    profile = f"renewal-{store}"
    environ = {
        "PATH": os.environ["PATH"],
        "SYNQ_CONFIG_DIR": str(tmp_path / "config"),
        "SYNQ_STATE_DIR": str(tmp_path / "state"),
        "SYNQ_PROFILE": profile,
        **session,
    }
    ended, fresh = jwt(exp=time.time() - 60), jwt(exp=time.time() + 3600)
    tokens = tokens_in(tmp_path / "config")
    tokens.write(profile, ended, store)
    helper = tmp_path / "helper"
    # Slow enough for all of them to want one.
    helper.write_text(f"#!/bin/sh\necho run >> '{tmp_path}/runs'\nsleep 0.5\necho {fresh}\n", encoding="utf-8")
    helper.chmod(0o700)
    settings = {"base_url": api.url, "token_store": store, "token_command": [str(helper)]}
    (tmp_path / "config" / "config.yaml").write_text(json.dumps({"profiles": {profile: settings}}), encoding="utf-8")

    line = [SYNQ, "channels", "list", "--json", "-q"]
    together = [
        subprocess.Popen(line, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(COUNT)
    ]
    ends = [(*process.communicate(timeout=60), process.returncode) for process in together]
    assert ends == [("[]\n", "", 0)] * COUNT
    assert (tmp_path / "runs").read_text(encoding="utf-8") == "run\n"
    assert api.seen == {fresh: COUNT}
    assert tokens.read(profile, store) == fresh
    assert tokens.delete_profile(profile, store)
