"""A run of synq through Typer's CliRunner, on folders, a keyring and a clock of its own; conftest.py hands it out."""

import io
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from synq_cli.app import app
from synq_cli.cli.system import System
from synq_cli.sandbox.seed.seed import DEFAULT_SEED
from synq_cli.sandbox.store.store import create
from synq_cli.session.tokens.keyring import SecretStore
from synq_cli.session.tokens.stores import TokenStore
from synq_cli.state.cache import Cache

NOW = 1_795_521_600.0  # 2026-11-24T12:00:00Z


MOST_SLEPT = 100_000
STREAMS = ("stdin", "stdout", "stderr")

# A shell ignores these in what it starts in the background, such as a suite, and so would everything that tests start.
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


class Console(CliRunner):
    """Typer's CliRunner, some of whose streams say that they are a terminal, or with a stdout that the test made."""

    def __init__(self, *terminals: str, stdout: io.StringIO | None = None) -> None:
        super().__init__()
        self.terminals = terminals
        self.stdout = stdout

    @contextmanager
    def isolation(self, *args: Any, **settings: Any) -> Iterator[Any]:
        with super().isolation(*args, **settings) as captured:
            for name in self.terminals:
                stream: Any = getattr(sys, name)
                stream.isatty = lambda: True
                stream.reconfigure(write_through=True)  # stdout and stderr in the order in which they were written
            kept = sys.stdout  # noqa: F841 it would close what it writes to
            if self.stdout is not None:
                sys.stdout = self.stdout
            yield captured


@cache
def _seeded_tenant(now: float) -> bytes:
    """The database of a new sandbox; seeding one for each test would take longer than most tests."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "sandbox.sqlite3")
        create(file, DEFAULT_SEED, now)
        return file.read_bytes()


class FakeKeyring:
    """A keyring in memory."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str, /) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str, /) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str, /) -> None:
        del self.entries[service, username]


def tokens_in(folder: Path, keyring: SecretStore | None = None, **settings: Any) -> TokenStore:
    """A store of tokens with its file and its lock in this folder, and a cache below it."""
    settings = {"cache": Cache(lambda: folder / "state"), "note": pytest.fail, **settings}
    return TokenStore(folder, keyring, lock_folder=lambda: folder / "state", **settings)


@dataclass
class Result:
    """What one run left behind."""

    status: int
    out: str
    err: str


@dataclass
class Runner:
    """Runs synq in process, each time on the same folders, keyring and clock."""

    folder: Path
    keyring: FakeKeyring = field(default_factory=FakeKeyring)
    clock: float = NOW
    slept: list[float] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    has_browser: bool = True
    seeded: bool = True  # whether a sandbox that is missing is put in place, which is faster than its creation
    working: Path | None = field(init=False)

    def __post_init__(self) -> None:
        self.working = self.folder

    def __call__(
        self,
        *line: str,
        environ: Mapping[str, str] | None = None,
        http: httpx.BaseTransport | None = None,
        terminal: bool = False,
        stdin: str | bytes = "",
        stdout: io.StringIO | None = None,
    ) -> Result:
        folders = {"SYNQ_CONFIG_DIR": str(self.folder / "config"), "SYNQ_STATE_DIR": str(self.folder / "state")}
        system = System(
            {"COLUMNS": "140", "NO_COLOR": "1", **folders, **(environ or {})},
            now=lambda: self.clock,
            sleep=self.sleep,
            jitter=lambda: 1.0,
            http=http,
            keyring=self.keyring,
            browse=self.browse,
            folder=self.working_folder,
        )
        if self.seeded and "--sandbox" in line and not (self.folder / "state" / "sandbox.sqlite3").exists():
            self.seed_sandbox()
        console = Console(*(STREAMS if terminal else ()), stdout=stdout)
        done = console.invoke(app, line, input=stdin, catch_exceptions=False, obj=system)
        # Not done.stdout, which replaces the line ends of CSV.
        out = done.stdout_bytes.decode(errors="surrogateescape") if stdout is None else stdout.getvalue()
        return Result(done.exit_code, out, done.stderr_bytes.decode())

    def seed_sandbox(self) -> Path:
        """Put a new sandbox in place, as `synq sandbox init` does; its database."""
        place = self.folder / "state" / "sandbox.sqlite3"
        place.parent.mkdir(mode=0o700, exist_ok=True)
        place.write_bytes(_seeded_tenant(self.clock))
        place.chmod(0o600)
        return place

    def sleep(self, seconds: float) -> None:
        """Time passes at once; a run that waits without an end fails."""
        assert len(self.slept) < MOST_SLEPT
        self.slept.append(seconds)
        self.clock += seconds

    def working_folder(self) -> Path:
        """Where it runs; None is a folder that was deleted."""
        if self.working is None:
            raise FileNotFoundError
        return self.working

    def browse(self, address: str) -> bool:
        """Opens nothing."""
        self.opened.append(address)
        return self.has_browser
