"""Messages of a run on stderr: notes, warnings, errors, progress and the footer."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TextIO

from synq_cli.errors import SynqError
from synq_cli.output.formats import plain
from synq_cli.output.streams import Stream

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from synq_cli.output.drawing.progress import Progress


class RequestEvent(Protocol):
    """One request that was sent, for the debug line; `synq_cli.resources` has the class."""

    @property
    def method(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def status(self) -> int | None: ...
    @property
    def ms(self) -> float: ...
    @property
    def remaining(self) -> int | None: ...
    @property
    def limit(self) -> int | None: ...
    @property
    def request_id(self) -> str | None: ...
    @property
    def error(self) -> str | None: ...


class Messages:
    """The stderr side of a run; `machine` makes errors JSON."""

    def __init__(
        self,
        stderr: TextIO,
        *,
        environ: Mapping[str, str],
        now: Callable[[], float],
        machine: bool,
        quiet: bool,
        no_color: bool,
        debug: bool,
    ) -> None:
        self._err = Stream(stderr, environ, no_color=no_color, optional=True)
        self._now = now
        self._machine_asked = machine
        self._quiet = quiet
        self._debug = debug

    def note(self, text: str | None) -> None:
        """A remark; None is none."""
        if text and not self._quiet:
            self._err.say(text)

    def cut(self, shortened: Sequence[str], dropped: Sequence[str], whole: str = "-o tsv or --json") -> None:
        """Which columns a terminal had no room for, and what shows all of them."""
        parts = [f"Shortened: {', '.join(shortened)}."] if shortened else []
        parts += [f"Left out: {', '.join(dropped)}."] if dropped else []
        if parts:
            self.note(f"{' '.join(parts)} {whole} shows all.")

    def done(self, text: str) -> None:
        """What was done, where there is nothing to print on stdout."""
        self.note(text)

    def warn(self, text: str) -> None:
        """Something to look after; --quiet does not hide it."""
        self._err.say(f"Warning: {text}", "yellow")

    def error(self, error: SynqError) -> None:
        """How the run failed: a line and its hint, or one JSON object if a machine format was asked for."""
        if not error.message:
            return
        if self._machine_asked:
            from synq_cli.output import machine

            machine.write_json(self._err, error.as_json())
            return
        self._err.say(f"synq: {error.message}", "red")
        for detail in error.details:
            self._err.say(f"  {detail}")
        if error.hint:
            self._err.say(f"  {error.hint}")

    def footer(self, remaining: int, limit: int, *, exact: bool, profile: str, environment: str | None = None) -> None:
        """What is left of the rate limit, `exact` if the server said so, and whose it is: production in red."""
        if not self._quiet:
            mark, where = "" if exact else "~", f" · {environment}" if environment else ""
            style = "red" if environment == "production" else "dim"
            self._err.say(f"{mark}{remaining}/{limit} requests left this minute · {profile}{where}", style)

    def waiting(self, seconds: float, reason: str) -> None:
        """Why nothing happens for a while."""
        if not self._quiet:
            self._err.say(f"Waiting {math.ceil(seconds)} s: {reason}", "dim")

    def sent(self, trace: RequestEvent) -> None:
        """The debug line of one request."""
        if not self._debug:
            return
        budget = None if trace.remaining is None else f"{trace.remaining}/{plain(trace.limit) or '?'}"
        parts = (
            trace.method,
            trace.url,
            trace.status,
            f"{trace.ms:.0f} ms",
            budget,
            trace.request_id,
            trace.error,
        )
        self._err.say(" ".join(str(part) for part in parts if part is not None), "dim")

    def progress(self, label: str) -> "AbstractContextManager[Progress]":
        """How far a long piece of work has come: a bar on a terminal, a line now and then off it."""
        from synq_cli.output.drawing.progress import shown_progress

        return shown_progress(self._err, label, now=self._now, quiet=self._quiet)
