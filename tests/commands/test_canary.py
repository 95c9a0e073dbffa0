"""No secret leaves its place: searched for in all that every command prints and writes, with --debug on."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import pytest
from runner import NOW, Result, Runner
from shop import SEEN, long_lived_token, words_of
from test_examples import EXAMPLES

from synq_cli.http.client import in_process
from synq_cli.sandbox.server.app import create_app

REFRESH, WEBHOOK = "canary-refresh-4d1c77", "canary-webhook-90be12"
CONFIG = """
profiles:
  default: {base_url: 'https://api.test', token_store: keyring, location: Leith warehouse}
  acme: {base_url: 'https://api.test', token_store: keyring, location: Leith warehouse}
"""
# What they are for is to print one.
PRINTS = {"auth token"}
# The sandbox comes last: made anew, it takes no token of before.
ONE_EACH = {example.values[0]: example for example in EXAMPLES}


class Searched:
    """A machine whose keyring holds secrets, and the search for them after each run."""

    def __init__(self, folder: Path, secrets: list[str], server: Callable[[], httpx.BaseTransport]) -> None:
        self.synq = Runner(folder, clock=NOW + 60)
        self.synq.keyring.entries = {
            ("synq", f"{profile}{entry}"): secret
            for profile in ("default", "acme")
            for entry, secret in zip(("", "#refresh", "#webhook"), secrets, strict=True)
        }
        self._secrets = secrets
        self.server = server
        self.places = 0
        self._clean: dict[Path, tuple[int, int]] = {}

    def run(self, *line: str, http: httpx.BaseTransport, may_print: bool = False) -> Result:
        """One run; AssertionError if a secret turns up."""
        # What one run was refused, all after it would wait for.
        (self.synq.folder / "state" / "budget.sqlite3").unlink(missing_ok=True)
        result = self.synq(*line, "--debug", http=http, terminal=True, stdin="y\n", environ={"SYNQ_MAX_WAIT": "0"})
        texts = {"stderr": result.err.encode()} | ({} if may_print else {"stdout": result.out.encode()})
        for file in filter(Path.is_file, self.synq.folder.rglob("*")):
            with suppress(FileNotFoundError):  # SQLite removes its files beside a database once nobody uses it
                if self._has_changed(file):
                    texts[str(file)] = file.read_bytes()
        found = [place for place, text in texts.items() for secret in self._secrets if secret.encode() in text]
        assert found == [], line
        self.places += len(texts)
        return result

    def _has_changed(self, file: Path) -> bool:
        """Whether it is new or was written since it was last searched."""
        stat = file.stat()
        before, self._clean[file] = self._clean.get(file), (stat.st_mtime_ns, stat.st_size)
        return before != self._clean[file]


@pytest.fixture
def searched(
    tmp_path: Path, machine: Path, monkeypatch: pytest.MonkeyPatch, record_property: Any
) -> Iterator[Searched]:
    token = long_lived_token(machine)
    shutil.copytree(machine, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config" / "config.yaml").write_text(CONFIG, encoding="utf-8")
    place = tmp_path / "state" / "sandbox.sqlite3"
    app = create_app(place, lambda: kept.synq.clock)
    kept = Searched(tmp_path, [token, REFRESH, WEBHOOK], lambda: in_process(app))
    for line in SEEN:
        kept.run(*line.split(), http=kept.server())
    yield kept
    record_property("places searched", kept.places)


def test_every_command(searched: Searched) -> None:
    done = 0
    for line, example in ONE_EACH.items():
        result = searched.run(*words_of(example.values[1]), http=searched.server(), may_print=line in PRINTS)
        assert "Traceback" not in result.err
        done += result.status == 0
        searched.synq.clock += 61  # the next one has a minute's requests to itself
    assert done > 60


def echoing(status: int, token: str, **headers: str) -> httpx.Response:
    text = f'{{"error": "no: Bearer {token}"}}'
    return httpx.Response(status, text=text, headers={"X-Request-ID": token, **headers})


FAULTS: dict[str, Callable[[str], httpx.Response | Exception]] = {
    "400": lambda token: echoing(400, token),
    "401": lambda token: echoing(401, token),
    "403": lambda token: echoing(403, token),
    "404": lambda token: echoing(404, token),
    "429": lambda token: echoing(429, token, **{"Retry-After": "60"}),
    "500": lambda token: echoing(500, token),
    "redirect": lambda token: echoing(302, token, Location=f"https://evil.test/?{token}"),
    "garbage": lambda token: httpx.Response(200, text="<", headers={"Content-Type": token}),
    "offline": lambda token: httpx.ConnectError(f"no route for {token}"),
    "slow": lambda token: httpx.ReadTimeout(f"no answer for {token}"),
    "broken": lambda token: httpx.RemoteProtocolError(f"illegal header line {token}"),
    "bug": lambda token: RuntimeError(f"in the handling of {token}"),
}


MOST = 20


def test_every_command_on_an_error_path(searched: Searched) -> None:
    failed = set()
    for (line, example), fault in zip(ONE_EACH.items(), cycle(FAULTS), strict=False):
        asked: list[str] = []

        def fail(request: httpx.Request, asked: list[str] = asked, fault: str = fault) -> httpx.Response:
            asked.append(request.url.path)
            # A bulk run waits for its place as often as it is refused one.
            outcome = FAULTS[fault if len(asked) <= MOST else "400"](
                request.headers.get("Authorization", "Bearer none")[7:]
            )
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        result = searched.run(*words_of(example.values[1]), http=httpx.MockTransport(fail), may_print=line in PRINTS)
        if asked and result.status:
            failed.add((line, fault))
    assert len(failed) > 30
    assert {fault for _, fault in failed} == set(FAULTS)
