"""Checks of `synq doctor` and `synq team doctor`: each is ok, warn or fail, with a fix if there is one."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from synq_cli.errors import SynqError
from synq_cli.output.columns import Column
from synq_cli.output.formats import state

COLUMNS = [Column("Check", "check"), Column("State", "state", state), Column("Found", "found"), Column("Fix", "mend")]


class Finding(NamedTuple):
    """The result of a check: its state (ok, warn or fail), what was found, and how to fix it."""

    state: str
    found: str
    mend: str | None = None


def ok(found: str) -> Finding:
    """A check that passed."""
    return Finding("ok", found)


def warn(found: str, fix: str | None = None) -> Finding:
    """A problem with which synq still works."""
    return Finding("warn", found, fix)


# A check with the name of the one it depends on: if that fails, it is skipped.
Check = tuple[str, Callable[[], Finding], str]


class Checklist:
    """Runs checks in order. `failed` has each that failed or was skipped, with the check to fix."""

    def __init__(self) -> None:
        self.failed: dict[str, str] = {}

    def examine(self, checks: Iterable[Check]) -> Iterator[dict[str, Any]]:
        """The finding of each check, as a row; an error is a finding."""
        for name, check, dependency in checks:
            cause = self.failed.get(dependency)
            if cause:
                finding = warn(f"Skipped: see {cause}.")
            else:
                try:
                    finding = check()
                except SynqError as error:
                    finding = Finding("fail", error.message, error.hint)
            if cause or finding.state == "fail":
                self.failed[name] = cause or name
            yield {"check": name, **finding._asdict()}
