"""Messages of a run on stderr: notes, warnings, errors, progress and the footer."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from synq_cli.errors import SynqError
from synq_cli.output import machine
from synq_cli.output.streams import Stream

if TYPE_CHECKING:
    from synq_cli.output.drawing.progress import Progress


class Messages:
    """What a run says on stderr. `machine` prints errors as JSON, `quiet` only warnings and errors."""

    def __init__(
        self, stream: Stream, *, now: Callable[[], float], machine: bool, quiet: bool = False, debug: bool = False
    ) -> None:
        self.stream = stream
        self._now = now
        self._machine = machine
        self.quiet = quiet
        self._debug = debug
        self._warned: set[str] = set()
        self._latest_budget: tuple[dict[str, object], int] | None = None

    def note(self, text: str | None) -> None:
        """A remark, or what was done where stdout stays empty; None prints nothing."""
        if text and not self.quiet:
            self.stream.say(text)

    def warn(self, text: str) -> None:
        """A warning; --quiet does not hide it. The same one is said once: each worker of a bulk run may have it."""
        if text in self._warned:
            return
        self._warned.add(text)
        self.stream.say(f"Warning: {text}", "yellow")

    def beep(self, text: str = "") -> None:
        """Ring the terminal's bell, and say why, each time and with --quiet too; off a terminal nothing rings."""
        if self.stream.terminal:
            self.stream.write("\a")
        if text:
            self.stream.say(text, "yellow")

    def error(self, error: SynqError) -> None:
        """Why the run failed: the message with its details and hint, or one JSON object for programs."""
        if not error.message:
            return
        if self._machine:
            machine.write_json(self.stream, error.as_json())
            return
        self.stream.say(f"synq: {error.message}", "red")
        for line in (*error.details, error.hint):
            if line:
                self.stream.say(f"  {line}")

    def footer(self, remaining: int, limit: int, *, exact: bool, profile: str, environment: str | None = None) -> None:
        """What is left of the rate limit, `exact` if the server said so, and the profile; production in red."""
        if not self.quiet:
            mark, where = "" if exact else "~", f" · {environment}" if environment else ""
            style = "red" if environment == "production" else "dim"
            self.stream.say(f"{mark}{remaining}/{limit} requests left this minute · {profile}{where}", style)

    def budget(self, requests: int, remaining: int, limit: int, *, exact: bool) -> None:
        """The footer for programs, which asked for it: --quiet does not hide it. It is the last line, once."""
        left: dict[str, object] = {"requests": requests, "remaining": remaining, "limit": limit, "exact": exact}
        if (left, self.stream.writes) != self._latest_budget:
            machine.write_json(self.stream, {"budget": left})
            self._latest_budget = (left, self.stream.writes)

    def waiting(self, seconds: float, reason: str) -> None:
        """How long the run waits, and why."""
        if not self.quiet:
            self.stream.say(f"Waiting {math.ceil(seconds)} s: {reason}", "dim")

    def sent(self, line: str) -> None:
        """The --debug line of one request."""
        if self._debug:
            self.stream.say(line, "dim")

    def progress(self, label: str) -> "Progress":
        """Progress of a long operation: a bar on a terminal, a line every 30 seconds elsewhere."""
        from synq_cli.output.drawing.progress import Progress

        return Progress(self.stream, label, self._now, quiet=self.quiet)
