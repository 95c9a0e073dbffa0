"""Everything a run prints: data on stdout in the format asked for, talk on stderr."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from synq_cli.errors import SynqError, UsageError
from synq_cli.output.columns import Column, Row
from synq_cli.output.fields import Fields
from synq_cli.output.formats import plain, visible
from synq_cli.output.streams import Stream

if TYPE_CHECKING:
    from synq_cli.output.filter import Filter


class Trace(Protocol):
    """One request that was sent, for the debug line; the API's side has the class."""

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


class Output:
    """What the commands print with.

    UsageError if `fields` or `jq` is wrong. `width` is the terminal's; None asks it.
    """

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO,
        *,
        environ: Mapping[str, str],
        now: Callable[[], float],
        format: str | None = None,  # noqa: A002 the option's own name
        fields: str | None = None,
        jq: str | None = None,
        quiet: bool = False,
        no_color: bool = False,
        debug: bool = False,
        width: int | None = None,
    ) -> None:
        self._out = Stream(stdout, environ, no_color=no_color)
        self._err = Stream(stderr, environ, no_color=no_color, talk=True)
        self._environ = environ
        self._now = now
        self._quiet = quiet
        self._debug = debug
        self._width = width
        self._machine_asked = jq is not None or format not in {None, "table"}
        default = "json" if jq is not None else "table" if self._out.terminal else "tsv"
        self.format = format or default
        self._fields = None if fields is None else Fields(fields)
        self._filter = None if jq is None else self._filter_for(jq)

    # data on stdout

    def rows(self, rows: Iterable[Row], columns: Sequence[Column], *, empty: str = "") -> None:
        """A list, written as the rows arrive except in a table; `empty` is said where a table has none."""
        rows, columns = self._chosen(rows, columns)
        rows = _begun(rows)
        if self.format == "table":
            columns = [column for column in columns if column.table]
            self._table(list(rows), columns, empty)
        elif self._filter and self.format == "ndjson":
            for row in rows:
                self._filtered(self._picked(row))
        elif self._filter:
            self._filtered([self._picked(row) for row in rows])
        else:
            from synq_cli.output import machine

            keys = [column.key for column in columns]
            machine.write_rows(self._out, self.format, map(self._picked, rows), keys)
        self._tell_missed()

    def record(self, row: Row, columns: Sequence[Column]) -> None:
        """One object; people also see the fields that no column names."""
        (row,), columns = self._chosen([row], columns)
        if self.format == "table":
            from synq_cli.output import table

            chosen = self._fields is not None
            lines = table.record_lines(row, columns, now=self._now(), keep_empty=chosen, leftovers=not chosen)
            table.draw_record(self._out, lines, width=self._fitting_width())
        elif self._filter:
            self._filtered(self._picked(row))
        else:
            from synq_cli.output import machine

            keys = [column.key for column in columns]
            machine.write_object(self._out, self.format, self._picked(row), keys)
        self._tell_missed()

    def plan(
        self,
        request: Mapping[str, Any],
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """What --dry-run would send: `request` has method, path and body; `before` and `after` share keys."""
        if self.format != "table":
            keys = ("dry_run", "method", "path", "body", "before", "after")
            row = {"dry_run": True, **request, "before": before, "after": after}
            self.record({key: row.get(key) for key in keys}, [Column(key, key) for key in keys])
            return
        from synq_cli.output import machine

        self._out.say(f"Would send {request['method']} {request['path']}")
        if request.get("body") is not None:
            machine.write_json(self._out, request["body"], indent=2)
        for key in after or {}:
            old, new = (plain((side or {}).get(key)) or "(none)" for side in (before, after))
            self._out.say(f"{key.replace('_', ' ')} {old} → {new}")

    def change(self, label: str, before: object, after: object, what: str = "on hand") -> None:
        """What a write changed, as one line for people; programs have the answer itself."""
        if self.format == "table":
            self._out.say(f"{label}: {plain(before)} → {plain(after)} {what}")

    def value(self, value: object) -> None:
        """One bare value, as it is; a JSON value in JSON formats."""
        from synq_cli.output import machine

        if self._filter:
            self._filtered(value)
        elif self.format in {"json", "ndjson", "yaml"}:
            machine.write_json(self._out, value)  # a JSON value is YAML too
        else:
            self._bare(plain(value))

    # talk on stderr

    def note(self, text: str | None) -> None:
        """A remark; None is none."""
        if text and not self._quiet:
            self._err.say(text)

    def done(self, text: str) -> None:
        """What was done, where there is nothing to print on stdout."""
        self.note(text)

    def warn(self, text: str) -> None:
        """Something to look after; --quiet does not hide it."""
        self._err.say(f"Warning: {text}", "yellow")

    def error(self, error: SynqError) -> None:
        """How the run failed: a line and its hint, or one JSON object if a machine format was asked for."""
        if self._machine_asked:
            from synq_cli.output import machine

            machine.write_json(self._err, error.as_json())
            return
        self._err.say(f"synq: {error.message}", "red")
        if error.hint:
            self._err.say(f"  {error.hint}")

    def footer(self, remaining: int, limit: int, *, exact: bool, profile: str) -> None:
        """What is left of the rate limit; `exact` if the server said so."""
        if not self._quiet:
            mark = "" if exact else "~"
            self._err.say(f"{mark}{remaining}/{limit} requests left this minute · {profile}", "dim")

    def waiting(self, seconds: float, reason: str) -> None:
        """Why nothing happens for a while."""
        if not self._quiet:
            self._err.say(f"Waiting {math.ceil(seconds)} s: {reason}", "dim")

    def sent(self, trace: Trace) -> None:
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

    # how it is done

    def _filter_for(self, expression: str) -> "Filter":
        from synq_cli.output.filter import Filter

        if self.format not in {"json", "ndjson"}:
            raise UsageError(
                f"--jq filters JSON, but the format asked for is {self.format}.",
                hint="Add --json, or leave out --jq.",
            )
        return Filter(expression)

    def _fitting_width(self) -> int | None:
        if not self._out.terminal:
            return None
        return self._width or self._out.width(self._environ)

    def _chosen(self, rows: Iterable[Row], columns: Sequence[Column]) -> tuple[Iterable[Row], Sequence[Column]]:
        if self._fields is None:
            return rows, columns
        return self._fields.watch(rows), self._fields.columns(columns)

    def _picked(self, row: Row) -> dict[str, Any]:
        return self._fields.pick(row) if self._fields else dict(row)

    def _filtered(self, value: object) -> None:
        if self._filter:
            for line in self._filter.lines(value):
                self._bare(line)

    def _bare(self, text: str) -> None:
        if self._out.terminal:
            text = "\n".join(map(visible, text.split("\n")))
        self._out.write(text + "\n")

    def _tell_missed(self) -> None:
        for sentence in self._fields.missed() if self._fields else ():
            self.note(sentence)

    def _table(self, rows: list[Row], columns: Sequence[Column], empty: str) -> None:
        from synq_cli.output import table

        if not rows:
            self.note(empty)
            return
        shortened, dropped = table.draw_table(
            self._out,
            rows,
            columns,
            now=self._now(),
            width=self._fitting_width(),
            keep_empty=self._fields is not None,
        )
        if shortened or dropped:
            parts = [f"Shortened: {', '.join(shortened)}."] if shortened else []
            parts += [f"Left out: {', '.join(dropped)}."] if dropped else []
            self.note(f"{' '.join(parts)} -o tsv or --json shows all.")


def _begun(rows: Iterable[Row]) -> Iterable[Row]:
    """The same rows with the first one fetched, so that no header is written for a list that fails."""
    rows = iter(rows)
    first = list(islice(rows, 1))
    return chain(first, rows)
