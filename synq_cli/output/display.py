"""Everything a run prints: data on stdout in the format asked for, messages on stderr."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from synq_cli.errors import InterruptError
from synq_cli.output.columns import Column, Row, batches, lookup
from synq_cli.output.formats import plain
from synq_cli.output.view_options import ViewOptions

if TYPE_CHECKING:
    from synq_cli.output.drawing.timeline import Parts, RenderedTimeline


class Output(ViewOptions):
    """What the commands print with."""

    def rows(self, rows: Iterable[Row], columns: Sequence[Column], *, empty: str = "") -> None:
        """A list, written as the rows arrive except in a table; `empty` is said where a table has none."""
        columns = self._chosen(columns)
        pages = _begun(map(self._noticed, batches(rows)))
        if self.format == "table":
            columns = [column for column in columns if column.table or self._picks]
            self._table(list(chain.from_iterable(pages)), columns, empty)
            self._tell_missed()
            return
        picked = ([self._picked(row) for row in page] for page in pages)
        if self._filter and self.format == "ndjson":
            for row in chain.from_iterable(picked):
                self._filtered(row)
        elif self._filter:
            self._filtered(list(chain.from_iterable(picked)))
        else:
            from synq_cli.output import machine

            machine.write_pages(self._out, self.format, picked, [column.key for column in columns])
        self._tell_missed()

    def follow(self, rows: Iterable[Row], columns: Sequence[Column]) -> None:
        """A list without an end, each row written when it comes: for people a line each, for programs one as well.

        InterruptError without a message on Ctrl-C, which is how it ends.
        """
        try:
            if self.format == "table":
                from synq_cli.output.drawing.lines import write_lines

                columns = [column for column in self._chosen(columns) if column.table or self._picks]
                rows = chain.from_iterable(map(self._noticed, batches(rows)))
                write_lines(self._out, rows, columns, now=self._now, width=self._fitting_width())
            else:
                # An array would never be closed, nor a filter of it begin.
                self.format = "ndjson" if self.format == "json" else self.format
                self.rows(rows, columns)
        except KeyboardInterrupt:
            raise InterruptError("") from None

    def record(self, row: Row, columns: Sequence[Column]) -> None:
        """One object; people also see the fields that no column names."""
        columns = self._chosen(columns)
        self._noticed([row])
        if self.format == "table":
            from synq_cli.output.drawing import table

            chosen = self._chooses
            fields = table.record_fields(row, columns, now=self._now(), keep_empty=chosen, leftovers=not chosen)
            record = table.build_record(self._out, fields, width=self._fitting_width())
            self._out.draw(record.table, record.width)
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
        """What --dry-run would send: method, path, body, perhaps headers; `before` and `after` share keys."""
        self._picks = None  # they name the columns of the answer, which there is none of
        if self.format != "table":
            row = {"dry_run": True, **request, "before": before, "after": after}
            self.record(row, [Column(key, key) for key in row])
            return
        from synq_cli.output import machine

        self._out.say(f"Would send {request['method']} {request['path']}")
        for name, value in request.get("headers", {}).items():
            self._bare(f"{name}: {value}")
        if request.get("body") is not None:
            machine.write_json(self._out, request["body"], indented=True)
        for key in after or {}:
            old, new = (plain((side or {}).get(key)) or "(none)" for side in (before, after))
            if old != new:
                self._out.say(f"{key.replace('_', ' ')} {old} → {new}")

    def change(self, label: str, before: object, after: object, what: str = "on hand") -> None:
        """What a write changed, as one line for people; programs have the answer itself."""
        if self.format == "table":
            self._out.say(f"{label}: {what} {plain(before)} → {plain(after)}")

    def changed(self, label: str, before: Row, after: Row, columns: Sequence[Column]) -> None:
        """An object after a write: for people what is different in it, then the object itself.

        The same object twice is one that nothing was to be changed in.
        """
        if after is before:
            self.note("Nothing changes; nothing was sent.")
        for column in columns:
            old, new = (lookup(row, column.key) for row in (before, after))
            # When it was changed goes without saying.
            if old != new and not column.key.endswith("_at"):
                self.change(label, plain(old) or "(none)", plain(new) or "(none)", column.title.lower())
        self.record(after, columns)

    def panel(
        self, title: str, row: Row, columns: Sequence[Column], parts: Mapping[str, tuple[str, Sequence[Column]]]
    ) -> None:
        """One object as a small panel for people; `parts` are its lists by key, each with a heading and columns."""
        if self.format != "table" or self._chooses:
            self.record(row, columns)
            return
        from synq_cli.output.drawing import panel, table

        parts = {key: part for key, part in parts.items() if _is_list_of_objects(row.get(key))}
        rest = {key: value for key, value in row.items() if key not in parts}
        fields = table.record_fields(rest, columns, now=self._now(), keep_empty=False, leftovers=True)
        tables = panel.draw_panel(self._out, title, fields, row, parts, now=self._now(), width=self._fitting_width())
        self.cut(
            [title for part in tables for title in part.shortened], [title for part in tables for title in part.dropped]
        )

    def timeline(self, row: Row, head: Sequence[Column], parts: "Parts") -> None:
        """The life of an object: for people a drawing with its lists, `parts`, below; CSV and TSV have its `states`."""
        if self._chooses or self.format not in {"table", "csv", "tsv"}:
            self.record(row, head)
            return
        from synq_cli.output.drawing import timeline

        if self.format == "table":
            built = self._timeline(row, head, parts)
            self._out.draw(built.drawing, built.width)
            self.cut(built.shortened, built.dropped, "--json")
        else:
            self.rows(row["states"], timeline.STATES)

    def timelines(self, rows: Iterable[Row], columns: Sequence[Column], head: Sequence[Column], parts: "Parts") -> None:
        """A life as it goes on: for people drawn anew with each row, else a line for each change."""
        from synq_cli.output.drawing import timeline

        if self.format != "table" or self._chooses:
            self.rows(timeline.changes(rows), columns)
        else:
            self._err.above = self._out if self._err.terminal and self._out.live else None
            try:
                timeline.draw_live(self._out, rows, lambda row: self._timeline(row, head, parts))
            finally:
                self._err.above = None

    def tree(self, rows: Sequence[Row], columns: Sequence[Column], *, parent: str, empty: str = "") -> None:
        """Rows that nest by the id under `parent`: for people a tree by their first column, else a list."""
        if self.format != "table" or self._chooses or not rows:
            self.rows(rows, columns, empty=empty)
            return
        from synq_cli.output.drawing.tree import branches

        columns = [column for column in columns if column.table and column.key != parent]
        self._table(branches(self._out, rows, columns[0].key, parent=parent), columns, empty)

    def document(self, value: Any) -> None:
        """An answer of any shape: JSON unless another format, fields or columns were asked for.

        Then an object that holds one list and no other is as good as that list.
        """
        lists = [part for part in value.values() if isinstance(part, list)] if isinstance(value, dict) else []
        rows = lists[0] if len(lists) == 1 and self._shapes else value
        if self._shapes and isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
            self.rows(rows, [Column(key, key) for key in dict.fromkeys(key for row in rows for key in row)])
        elif self._shapes and isinstance(value, dict):
            self.record(value, [Column(key, key) for key in value])
        elif self._filter:
            self._filtered(value)
        else:
            from synq_cli.output import machine

            machine.write_json(self._out, value, indented=True)

    def answer(self, head: Sequence[str], kind: str, value: Any) -> None:
        """A reply: lines about it, then what it holds, which is json, text or nothing."""
        for line in [*head, ""] if head else []:
            self._bare(line)
        if kind == "json":
            self.document(value)
        elif kind == "text":
            self.value(value)

    def checklist(self, rows: Iterable[Row], columns: Sequence[Column]) -> None:
        """Rows of check, state, found and mend: for people a line each and the mend below, nothing cut."""
        if self.format != "table" or self._chooses:
            self.rows(rows, columns)
            return
        from synq_cli.output.drawing.checklist import draw_checklist

        draw_checklist(self._out, rows, width=self._fitting_width())

    def text(self, text: str) -> None:
        """Data that is a file of its own, as it is; a terminal gets nothing that it might act on."""
        if self._out.terminal:
            self._bare(text.replace("\r\n", "\n").removesuffix("\n"))
        else:
            self._out.write(self._out.fit(text))

    def value(self, value: object) -> None:
        """One bare value, as it is; a JSON value in JSON formats."""
        from synq_cli.output import machine

        if self._filter:
            self._filtered(value)
        elif self.format in {"json", "ndjson", "yaml"}:
            machine.write_json(self._out, value)  # a JSON value is YAML too
        else:
            self._bare(plain(value))

    def _table(self, rows: list[Row], columns: Sequence[Column], empty: str) -> None:
        from synq_cli.output.drawing import table

        if not rows:
            self.note(empty)
            return
        built = table.build_table(
            self._out,
            rows,
            columns,
            now=self._now(),
            width=self._fitting_width(),
            keep_empty=self._chooses,
        )
        # An amount is never cut: a table that is too wide all the same is wrapped by the terminal.
        self._out.draw(built.table, max(built.width, 1))
        self.cut(built.shortened, built.dropped)

    def _timeline(self, row: Row, head: Sequence[Column], parts: "Parts") -> "RenderedTimeline":
        from synq_cli.output.drawing import timeline

        return timeline.build_timeline(self._out, row, head, parts, now=self._now(), width=self._fitting_width())


def _is_list_of_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)


def _begun(pages: Iterator[Sequence[Row]]) -> Iterator[Sequence[Row]]:
    """The same pages with the first one fetched, so that no header is written for a list that fails."""
    first = list(islice(pages, 1))
    return chain(first, pages)
