"""The installed program with a real keyring: no secret in its output, in a file, or in the list of processes."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

SYNQ = str(Path(sys.executable).with_name("synq"))
CANARIES = ["canary-refresh-1", "canary-refresh-2", "canary-token-1", "canary-token-2", "canary-token-3"]


class Api(ThreadingHTTPServer):
    """An API and its token endpoint, which look at the list of processes whenever they are asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.good = ""
        self.grants: list[dict[str, str]] = []
        self.forms: list[str] = []
        self.lines: list[bytes] = []

    def look(self) -> None:
        for line in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                self.lines.append(line.read_bytes())
            except OSError:  # it has ended
                continue


class Handler(BaseHTTPRequestHandler):
    server: Api

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.forms.append(form)
        if self.server.grants:
            self._answer(200, json.dumps(self.server.grants.pop(0)))
        else:
            self._answer(400, json.dumps({"error": "invalid_grant", "error_description": form}))

    def do_GET(self) -> None:
        asked = self.headers["Authorization"].removeprefix("Bearer ")
        if asked == self.server.good:
            self._answer(200, '{"channels":[]}')
        else:
            self._answer(401, f"no good: {asked}")

    def _answer(self, status: int, text: str) -> None:
        self.server.look()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_words: object) -> None:
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="the list of processes is read from /proc")
def test_no_secret_leaves_its_place(tmp_path: Path, keyring_session: dict[str, str], record_property: Any) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SYNQ_PROFILE": "canary", **keyring_session}
    said = []

    def synq(*line: str, stdin: str = "") -> int:
        done = subprocess.run(
            [SYNQ, *line, "--debug"], env=environ, input=stdin, capture_output=True, text=True, timeout=60, check=False
        )
        said.extend([done.stdout.encode(), done.stderr.encode()])
        return done.returncode

    with Api() as api:
        threading.Thread(target=api.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{api.server_port}"
        api.good = "canary-token-1"
        api.grants = [
            {"access_token": "canary-token-1", "refresh_token": "canary-refresh-2"},
            {"access_token": "canary-token-2"},
            {"access_token": "canary-token-3"},
        ]
        login = ("auth", "login", "--base-url", url, "--token-url", f"{url}/token", "--with-token")
        assert synq(*login, stdin="canary-refresh-1") == 0
        assert synq("channels", "list") == 0
        assert synq("auth", "refresh") == 0
        assert synq("auth", "status") == 0
        assert synq("channels", "list") == 4  # refused, renewed, refused again
        assert synq("auth", "refresh") == 4  # denied, with its own words
        assert synq("auth", "logout") == 0
        api.shutdown()
    assert [form.partition("refresh_token=")[2][:16] for form in api.forms[:3]] == [
        CANARIES[0],
        CANARIES[1],
        CANARIES[1],
    ]
    files = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    assert len(files) > 2
    assert any(SYNQ.encode() in line for line in api.lines)
    searched = [*said, *files, *api.lines]
    assert [text for text in searched for canary in CANARIES if canary.encode() in text] == []
    record_property("places searched", len(searched))
