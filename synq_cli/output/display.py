"""Everything a run prints: data on stdout in the chosen format, messages on stderr."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import StringIO
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from synq_cli.errors import InterruptError, UsageError
from synq_cli.output import machine
from synq_cli.output.columns import Column, Row, batches, lookup
from synq_cli.output.formats import plain, visible
from synq_cli.output.messages import Messages
from synq_cli.output.streams import Stream
from synq_cli.output.view_options import TABULAR, ViewOptions

if TYPE_CHECKING:
    from synq_cli.output.drawing.sections import Sections
    from synq_cli.output.drawing.table import Canvas, Rendered

Polled = TypeVar("Polled")

# What draws is imported where it draws: most runs draw one kind of thing, and programs none.


class Output:
    """What the commands print with. UsageError if `fields`, `columns` or `jq` is invalid.

    `format_asked` says whether the command line asks for the format; if not, a single value is printed bare. `note`,
    `warn`, `beep` and `progress` are those of its `messages`. `width` is the terminal's in cells; None asks
    the terminal. `before_filter` is called before each run of the jq filter, which may be killed.
    """

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO,
        *,
        environ: Mapping[str, str],
        now: Callable[[], float],
        format: str | None = None,  # noqa: A002 the option's own name
        format_asked: bool = False,
        fields: str | None = None,
        columns: str | None = None,
        jq: str | None = None,
        quiet: bool = False,
        no_color: bool = False,
        debug: bool = False,
        width: int | None = None,
        before_filter: Callable[[], None] | None = None,
    ) -> None:
        self._out = Stream(stdout, environ, no_color=no_color)
        self._width = width
        self._before_filter = before_filter
        self._now = now
        self._format_asked = format_asked
        errors = Stream(stderr, environ, no_color=no_color, optional=True)
        machine = jq is not None or format not in {None, "table", "xlsx"}
        self.messages = Messages(errors, now=now, machine=machine, quiet=quiet, debug=debug)
        self.note, self.warn, self.progress = self.messages.note, self.messages.warn, self.messages.progress
        self.beep = self.messages.beep
        self._view = ViewOptions(terminal=self._out.terminal, format=format, fields=fields, columns=columns, jq=jq)
        if not self._out.terminal and self.format != "table":
            self._out.use_utf8()

    @property
    def format(self) -> str:
        """The output format: the one that was asked for, or the default of the stream."""
        return self._view.format

    def rows(
        self,
        rows: Iterable[Row],
        columns: Sequence[Column],
        *,
        empty: str = "",
        default: str | None = None,
        sheet_of: Callable[[Row], str] | None = None,
    ) -> None:
        """A list, written as the rows arrive except in a table; `empty` is the note for a table without rows.

        `default` is the format if none was asked for. `sheet_of` names the sheet of a row in a workbook.
        """
        view = self._view
        if default and not view.asked:
            view.format = default
        columns = view.columns(columns)
        fetched = map(view.notice, batches(rows))
        # The first page is fetched now, so that no header is written for a list that fails.
        pages = chain(list(islice(fetched, 1)), fetched)
        selected = ([view.select(row) for row in page] for page in pages)
        if self.format == "table":
            self._table(list(chain.from_iterable(pages)), columns, empty)
        elif self.format == "xlsx":
            from synq_cli.output import workbook

            # All fields of the rows, since the sheet of a row may depend on one that is not selected.
            workbook.write(self._out, pages, *_keys_and_kinds(columns), sheet_of)
        elif view.filter:
            found = chain.from_iterable(selected)
            for value in found if self.format == "ndjson" else [list(found)]:
                self._filtered(value)
        else:
            machine.write_pages(self._out, self.format, selected, *_keys_and_kinds(columns))
        self._note_unknown_fields()

    def picture(self, title: str, rows: Sequence[Row], columns: Sequence[Column]) -> str:
        """The table of a list as a picture in SVG."""
        from synq_cli.output.drawing import picture, table

        canvas = table.Canvas(Stream(StringIO(), {}), self._now(), None)
        shown = [column for column in columns if column.table]
        built = table.build_table(canvas, rows, shown, keep_empty=False)
        return picture.svg(built.drawing, max(built.width, 1), title)

    def follow(
        self,
        polls: Iterable[Sequence[Row]],
        columns: Sequence[Column],
        *,
        default: str | None = None,
        status: Callable[[], str] | None = None,
    ) -> None:
        """A list without an end: the new rows of each poll, if any, a line for each.

        It ends with Ctrl-C, InterruptError without a message, or with the reader of a pipe, BrokenPipeError. `default`
        is the format off a terminal if none was asked for. `status` is asked after each poll for the line that is kept
        below the rows on a terminal.
        """
        from synq_cli.output.drawing import table

        if default and not self._view.asked and not self._out.terminal:
            self._view.format = default
        if self.format == "xlsx":
            raise UsageError("A list without an end can't be a workbook.", hint="Use another format, such as -o csv.")
        if status and self.format == "table" and self._out.live and not self.messages.quiet:
            polls = self._with_status(polls, status)
        rows: Iterable[Row] = chain.from_iterable(self._while_read(polls))
        try:
            if self.format == "table":
                columns = [column for column in self._view.columns(columns) if column.table]
                rows = chain.from_iterable(map(self._view.notice, batches(rows)))
                table.write_rows(self._canvas, rows, columns)
            else:
                # An array would never be closed, and its filter never start.
                self._view.format = "ndjson" if self.format == "json" else self.format
                self.rows(rows, columns)
        except KeyboardInterrupt:
            raise InterruptError("") from None

    def record(self, row: Row, columns: Sequence[Column]) -> None:
        """One object; people also see the fields that no column names."""
        view = self._view
        columns = view.columns(columns)
        view.notice([row])
        if self.format == "table":
            from synq_cli.output.drawing import table

            canvas = self._canvas()
            fields = table.record_fields(canvas, row, columns, keep_empty=view.selects, leftovers=not view.selects)
            self._draw(table.build_record(canvas, fields))
        elif view.filter:
            self._filtered(view.select(row))
        else:
            machine.write_object(self._out, self.format, view.select(row), *_keys_and_kinds(columns))
        self._note_unknown_fields()

    def plan(
        self,
        request: Mapping[str, Any],
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """What --dry-run would send: method, path, body and any headers; `before` and `after` have the same keys."""
        self._view.column_names = None  # they name columns of the reply, and there is none
        if self.format != "table":
            row = {"dry_run": True, **request, "before": before, "after": after}
            self.record(row, [Column(key, key) for key in row])
            return
        self._out.say(f"Would send {request['method']} {request['path']}")
        for name, value in request.get("headers", {}).items():
            self._line(f"{name}: {value}")
        if request.get("body") is not None:
            machine.write_json(self._out, request["body"], indented=True)
        body = request.get("body")
        sent = body if isinstance(body, Mapping) else {}
        for key in after or {}:
            old, new = (plain((side or {}).get(key)) or "(none)" for side in (before, after))
            if old != new:
                self._out.say(f"{key if key in sent else key.replace('_', ' ')} {old} → {new}")

    def change(self, label: str, before: object, after: object, what: str = "on hand") -> None:
        """What a write changed, as one line for people; programs get the reply itself."""
        if self.format == "table":
            self._out.say(f"{label}: {what} {plain(before)} → {plain(after)}")

    def changed(self, label: str, before: Row, after: Row, columns: Sequence[Column]) -> None:
        """An object after a write: for people the differences, then the object itself.

        `after` is `before` if there was nothing to change.
        """
        if after is before:
            self.note("No changes: nothing was sent.")
        for column in columns:
            old, new = (plain(lookup(row, column.key)) or "(none)" for row in (before, after))
            # A changed update time is not worth a line.
            if old != new and not column.key.endswith("_at"):
                self.change(label, old, new, column.title.lower())
        self.record(after, columns)

    def panel(
        self,
        title: str,
        row: Row,
        columns: Sequence[Column],
        sections: "Sections",
        *,
        leftovers: bool = True,
        whole: bool = False,
    ) -> None:
        """One object in a frame for people, with a table for each of the lists in `sections`.

        With `leftovers` people also see the fields that no column names, and with `whole` nothing is shortened.
        """
        if self._view.drawn:
            from synq_cli.output.drawing.sections import build_panel

            drawn = build_panel(self._canvas(), title, row, columns, sections, leftovers=leftovers, whole=whole)
            self._draw(drawn)
        else:
            self.record(row, columns)

    def subject(self, title: str, row: Row, columns: Sequence[Column], sections: "Sections") -> None:
        """What a question is about: the whole object in a frame on the terminal of the messages, also with --quiet."""
        from synq_cli.output.drawing.sections import build_panel

        stream = self.messages.stream
        drawn = build_panel(self._canvas_of(stream), title, row, columns, sections, leftovers=False, whole=True)
        stream.draw(drawn.drawing, max(drawn.width, 1))

    def tell(self, text: str) -> None:
        """A line on what a question is about, also with --quiet."""
        self.messages.stream.say(text)

    def preview(self, rows: Sequence[Row], columns: Sequence[Column]) -> bool:
        """Rows as a table on stderr, before a question about them; gives whether it was drawn.

        It is not with --quiet, without rows, and if stderr is not a terminal.
        """
        stream = self.messages.stream
        if self.messages.quiet or not stream.terminal or not rows:
            return False
        from synq_cli.output.drawing import table

        rendered = table.build_whole(self._canvas_of(stream), rows, columns)
        stream.draw(rendered.drawing, max(rendered.width, 1))
        return True

    def timeline(self, row: Row, head: Sequence[Column], sections: "Sections") -> None:
        """An object's `states` over time: drawn for people, with its lists below; rows in CSV, TSV and XLSX."""
        from synq_cli.output.drawing import timeline

        if self._view.drawn:
            self._draw(timeline.build_timeline(self._canvas(), row, head, sections), "--json")
        elif self.format in TABULAR and not self._view.selects:
            self.rows(row["states"], timeline.STATES)
        else:
            self.record(row, head)

    def timelines(
        self, rows: Iterable[Row], columns: Sequence[Column], head: Sequence[Column], sections: "Sections"
    ) -> None:
        """The timeline of an object that is polled: redrawn in place for people, else a row for each change."""
        from synq_cli.output.drawing import timeline

        if not self._view.drawn:
            self.rows(timeline.changes(self._while_read(rows)), columns)
            return
        errors = self.messages.stream
        errors.above = self._out if errors.terminal and self._out.live else None
        try:
            build = timeline.build_timeline
            timeline.draw_live(self._out, rows, lambda row: build(self._canvas(), row, head, sections))
        finally:
            errors.above = None

    def tree(self, rows: Sequence[Row], columns: Sequence[Column], *, parent: str, empty: str = "") -> None:
        """Rows nested by the id under the key `parent`: for people a tree in their first column, else a list."""
        if self._view.drawn and rows:
            from synq_cli.output.drawing.tree import branches

            columns = [column for column in columns if column.key != parent]
            self._table(branches(self._out, rows, columns[0].key, parent=parent), columns, empty)
        else:
            self.rows(rows, columns, empty=empty)

    def document(self, value: Any) -> None:
        """A reply of unknown shape: JSON, unless another format, fields or columns were asked for.

        Then an object that holds exactly one list is printed as that list.
        """
        view = self._view
        lists = [part for part in value.values() if isinstance(part, list)] if isinstance(value, dict) else []
        rows = lists[0] if len(lists) == 1 else value
        if view.reshapes and isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
            self.rows(rows, [Column(key, key) for key in dict.fromkeys(key for row in rows for key in row)])
        elif view.reshapes and isinstance(value, dict):
            self.record(value, [Column(key, key) for key in value])
        elif view.filter:
            self._filtered(value)
        else:
            machine.write_json(self._out, value, indented=True)

    def answer(self, head: Sequence[str], kind: str, value: Any) -> None:
        """An HTTP reply: the lines of its head, then its body; `kind` of the body is "json", "text" or other."""
        for line in [*head, ""] if head else []:
            self._line(line)
        if kind == "json":
            self.document(value)
        elif kind == "text":
            self.value(value)

    def checklist(self, rows: Iterable[Row], columns: Sequence[Column]) -> None:
        """Rows of check, state, found and mend: for people wrapped text, with the fix below each finding."""
        if self._view.drawn:
            from synq_cli.output.drawing.checklist import draw_checklist

            draw_checklist(self._canvas(), rows)
        else:
            self.rows(rows, columns)

    def text(self, text: str) -> None:
        """The text of a file, as it is; on a terminal with control characters visible."""
        if self._out.terminal:
            self._line(text.replace("\r\n", "\n").removesuffix("\n"))
        else:
            self._out.write(self._out.fit(text))

    def value(self, value: object) -> None:
        """One value, bare as in $(…); a JSON value if the command line asks for JSON or YAML."""
        if self.format == "xlsx" and self._format_asked:
            raise UsageError("A single value can't be a workbook.", hint="Leave out -o xlsx.")
        if self._view.filter:
            self._filtered(value)
        elif self._format_asked and self.format in {"json", "ndjson", "yaml"}:
            machine.write_json(self._out, value)  # a JSON value is YAML too
        else:
            self._line(plain(value))

    def _table(self, rows: Sequence[Row], columns: Sequence[Column], empty: str) -> None:
        shown = [column for column in columns if column.table]
        if rows:
            from synq_cli.output.drawing import table

            self._draw(table.build_list(self._canvas(), rows, shown, keep_empty=self._view.selects))
        else:
            self.note(empty)

    def _while_read(self, polls: "Iterable[Polled]") -> "Iterator[Polled]":
        for polled in polls:
            self._out.check_reader()
            yield polled

    def _with_status(self, polls: "Iterable[Polled]", status: Callable[[], str]) -> "Iterator[Polled]":
        """The polls, with a line below what is drawn; messages are printed above it."""
        from synq_cli.output.drawing.status_line import status_line

        errors = self.messages.stream
        errors.above = self._out if errors.terminal else None
        try:
            with status_line(self._out) as show:
                for polled in polls:
                    yield polled
                    show(status())
        finally:
            errors.above = None

    def _canvas(self) -> "Canvas":
        """The stream at the current time and width; nothing is cut if it is not a terminal."""
        return self._canvas_of(self._out)

    def _canvas_of(self, stream: Stream) -> "Canvas":
        """The same for a stream."""
        from synq_cli.output.drawing.table import Canvas

        width = (self._width or stream.width()) if stream.terminal else None
        return Canvas(stream, self._now(), width)

    def _draw(self, rendered: "Rendered", formats: str = "-o tsv or --json") -> None:
        """Draw, and name the columns that the terminal has no room for, and the formats that show all of them."""
        self._out.draw(rendered.drawing, max(rendered.width, 1))
        parts = [f"Shortened: {', '.join(rendered.shortened)}."] if rendered.shortened else []
        parts += [f"Hidden: {', '.join(rendered.dropped)}."] if rendered.dropped else []
        if parts:
            self.note(f"{' '.join(parts)} {formats} shows all.")

    def _filtered(self, value: object) -> None:
        assert self._view.filter
        if self._before_filter:
            self._before_filter()
        for line in self._view.filter.lines(value):
            self._line(line)

    def _line(self, text: str) -> None:
        if self._out.terminal:
            text = "\n".join(map(visible, text.split("\n")))
        self._out.write(text + "\n")

    def _note_unknown_fields(self) -> None:
        for sentence in self._view.unknown_fields():
            self.note(sentence)


def _keys_and_kinds(columns: Sequence[Column]) -> tuple[list[str], list[str]]:
    return [column.key for column in columns], [column.format.cells for column in columns]
