"""A command of the user's own that is run for each event, with the event as JSON on its standard input."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from tempfile import TemporaryFile
from typing import Any

from synq_cli import exact_json
from synq_cli.errors import UsageError

_LONGEST_QUOTE = 500


class EventCommand:
    """A command line that is split into words as a shell would, but run without one. UsageError if it can't be run.

    It has `limit` seconds, and is killed then. Its failure is a warning that quotes the end of what it printed.
    """

    def __init__(
        self, line: str, environ: Mapping[str, str], warn: Callable[[str], None], *, limit: float = 30.0
    ) -> None:
        try:
            self._words = shlex.split(line)
        except ValueError as error:
            raise UsageError(f"Invalid --exec: {str(error).lower()}.", hint="Close the quotes.") from None
        if not self._words or not shutil.which(self._words[0], path=environ.get("PATH")):
            name = self._words[0] if self._words else line
            raise UsageError(
                f'Invalid --exec: there is no program "{name}".',
                hint="Name a program and its arguments; for pipes and variables use: --exec 'sh -c \"…\"'",
            )
        self._environ = dict(environ)
        self._warn = warn
        self._limit = limit

    def run(self, event: Mapping[str, Any]) -> None:
        """Run it for an event, and wait for it."""
        try:
            # Files, not pipes: a command that reads nothing, or leaves a process behind, could block a pipe.
            with TemporaryFile() as given, TemporaryFile() as printed:
                given.write(exact_json.dumps(event).encode() + b"\n")
                given.seek(0)
                process = subprocess.Popen(  # noqa: S603 the user's own command, from the user's own command line
                    self._words,
                    stdin=given,
                    stdout=printed,
                    stderr=subprocess.STDOUT,
                    env=self._environ,
                    start_new_session=True,
                )
                try:
                    status = process.wait(self._limit)
                except subprocess.TimeoutExpired:
                    failure = f"did not finish within {self._limit:g} seconds"
                else:
                    printed.seek(0)
                    said = printed.read().decode("utf-8", "replace").strip()[-_LONGEST_QUOTE:]
                    failure = f"failed with status {status}{said and ': '}{said}" if status else ""
                finally:
                    kill_group(process)
        except OSError as error:
            failure = f"can't be run: {error.strerror}"
        if failure:
            self._warn(f"{self._words[0]} {failure.rstrip('.')}. It had event {event.get('event_id')}.")


def kill_group(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process that still runs, and those that it has started."""
    if process.poll() is not None:
        return
    with suppress(OSError):
        if sys.platform == "win32":
            process.kill()
        else:
            import signal

            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
