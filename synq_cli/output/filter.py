"""The --jq filter, run by the jq library from the optional extra."""

import signal
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from synq_cli import exact_json
from synq_cli.errors import UsageError

_END = object()


class Filter:
    """A compiled jq program. UsageError if it is invalid, or if the extra is not installed."""

    def __init__(self, expression: str) -> None:
        try:
            engine = import_module("jq")
        except ImportError:
            raise UsageError(
                "--jq needs the optional extra 'jq', which is not installed.",
                hint="Install it: pipx inject synq-cli jq, or pip install 'synq-cli[jq]'",
            ) from None
        try:
            self._program: Any = engine.compile(expression)
        except ValueError as error:
            raise UsageError(f'Invalid --jq filter "{expression}": {_first_line(error)}.') from None

    def lines(self, value: object) -> Iterator[str]:
        """The results for one value: strings as they are, anything else as compact JSON."""
        # jq computes with binary floats, so that 19.90 comes back as 19.9; the library offers nothing finer.
        results = iter(self._program.input_text(exact_json.dumps(value)))
        try:
            while (result := _next_of(results)) is not _END:
                yield result if isinstance(result, str) else exact_json.dumps(result)
        except ValueError as error:
            raise UsageError(
                f"The --jq filter failed on this data: {_first_line(error)}.",
                hint="The request itself succeeded. Run the command with --json and without --jq to see the data.",
            ) from None


def _next_of(results: Iterator[Any]) -> Any:
    """The next result, or _END; Ctrl-C ends the process, since jq ignores signals while it runs."""
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        return next(results, _END)
    finally:
        signal.signal(signal.SIGINT, before)


def _first_line(error: ValueError) -> str:
    return str(error).partition("\n")[0].removeprefix("jq: error: ").rstrip(":.")
