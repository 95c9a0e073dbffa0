"""A run of synq in process, on folders, a keyring and a clock of its own; conftest.py hands it out."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from synq_cli.app import main
from synq_cli.system import System

NOW = 1_795_521_600.0  # 2026-11-24T12:00:00Z


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


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
    working: Path | None = field(init=False)

    def __post_init__(self) -> None:
        self.working = self.folder

    def __call__(
        self,
        *line: str,
        environ: Mapping[str, str] | None = None,
        http: httpx.BaseTransport | None = None,
        terminal: bool = False,
        stdin: str = "",
        stdout: io.StringIO | None = None,
    ) -> Result:
        stream = Terminal if terminal else io.StringIO
        out, err = stdout or stream(), stream()
        folders = {"SYNQ_CONFIG_DIR": str(self.folder / "config"), "SYNQ_STATE_DIR": str(self.folder / "state")}
        system = System(
            stream(stdin),
            out,
            err,
            {"COLUMNS": "140", "NO_COLOR": "1", **folders, **(environ or {})},
            now=lambda: self.clock,
            sleep=self.sleep,
            jitter=lambda: 1.0,
            http=http,
            keyring=self.keyring,
            browse=self.browse,
            folder=self.working_folder,
        )
        return Result(main(list(line), system), out.getvalue(), err.getvalue())

    def sleep(self, seconds: float) -> None:
        """Time passes at once."""
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
