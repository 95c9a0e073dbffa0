"""View options of a run: format, fields, columns and filter."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from synq_cli.errors import UsageError
from synq_cli.output.columns import Column, Row
from synq_cli.output.fields import Fields
from synq_cli.output.formats import visible
from synq_cli.output.messages import Messages
from synq_cli.output.streams import Stream

if TYPE_CHECKING:
    from synq_cli.output.fields import Picks
    from synq_cli.output.filter import Filter


class ViewOptions(Messages):
    """The stdout side of a run, as far as the line decides it.

    UsageError if `fields`, `columns` or `jq` is wrong. `width` is the terminal's; None asks it.
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
        columns: str | None = None,
        jq: str | None = None,
        quiet: bool = False,
        no_color: bool = False,
        debug: bool = False,
        width: int | None = None,
    ) -> None:
        machine = jq is not None or format not in {None, "table"}
        super().__init__(stderr, environ=environ, now=now, machine=machine, quiet=quiet, no_color=no_color, debug=debug)
        self._out = Stream(stdout, environ, no_color=no_color)
        self._width = width
        default = "json" if jq is not None else "table" if self._out.terminal else "tsv"
        self.format = format or default
        self._fields = None if fields is None else Fields(fields)
        self._picks = None if columns is None else self._picks_for(columns)
        self._filter = None if jq is None else self._filter_for(jq)
        # Whether an answer of any shape is to be brought into another than its own.
        self._shapes = self._chooses or format in {"table", "csv", "tsv", "yaml", "ndjson"}

    def _filter_for(self, expression: str) -> "Filter":
        from synq_cli.output.filter import Filter

        if self.format not in {"json", "ndjson"}:
            raise UsageError(
                f"--jq filters JSON, but the format asked for is {self.format}.",
                hint="Add --json, or leave out --jq.",
            )
        return Filter(expression)

    def _picks_for(self, columns: str) -> "Picks":
        from synq_cli.output.fields import Picks

        if self._fields is not None:
            raise UsageError("--columns and --fields both choose what is shown; give one of them.")
        if self.format not in {"table", "csv", "tsv"}:
            raise UsageError(
                f"--columns is for tables, CSV and TSV, but the format asked for is {self.format}.",
                hint="Choose fields with --fields instead.",
            )
        return Picks(columns)

    def _fitting_width(self) -> int | None:
        if not self._out.terminal:
            return None
        return self._width or self._out.width()

    @property
    def _chooses(self) -> bool:
        """Whether the person said what to show, so that nothing else is added and nothing left out."""
        return self._fields is not None or self._picks is not None

    def _chosen(self, columns: Sequence[Column]) -> Sequence[Column]:
        if self._picks is not None:
            return self._picks.columns(columns)
        return columns if self._fields is None else self._fields.columns(columns)

    def _noticed(self, rows: Sequence[Row]) -> Sequence[Row]:
        if self._fields:
            for row in rows:
                self._fields.notice(row)
        return rows

    def _picked(self, row: Row) -> dict[str, Any]:
        return self._fields.pick(row) if self._fields else row if isinstance(row, dict) else dict(row)

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
