"""The runs on this machine: their journals in one folder."""

import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO, TypeVar

from synq_cli.bulk import SUFFIX
from synq_cli.bulk.journal import Content, Facts, Row, hash_numbers
from synq_cli.bulk.local.journal import LocalJournal
from synq_cli.bulk.runs import LETTERS, Runs, SentRows, ambiguous, overview
from synq_cli.documents import binary, read_errors, shown_name
from synq_cli.errors import UsageError
from synq_cli.rows import PEEKED, can_be_read_in_place, copy_as_utf8, split_sheet
from synq_cli.state.database import private_file
from synq_cli.state.folders import OTHER_FOLDERS, sole_writer

_T = TypeVar("_T")
_DAY = 86_400.0
_DAMAGED: dict[str, Any] = {"state": "damaged"} | dict.fromkeys(
    ("command", "file", "started_at", "rows", "done", "failed", "unknown", "pending", "in_transit", "profile", "undoes",
     "shard")
)  # fmt: skip


class LocalRuns(Runs):
    """The journals in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    def create(
        self, rows: Sequence[Row], now: float, *, subject: Callable[[Content], str] | None = None, **facts: Any
    ) -> LocalJournal:
        del subject  # one process sends all rows
        self._delete_left_over(now - _DAY)
        start = f"{datetime.fromtimestamp(now, UTC):%y%m%d-%H%M%S}"
        while True:
            name = f"{start}-{secrets.choice(LETTERS)}{secrets.choice(LETTERS)}"
            try:
                return LocalJournal.create(self._path(name), Facts(id=name, started_at=now, **facts), rows)
            except FileExistsError:
                continue  # another process has drawn the same id

    def starting(self, scope: str) -> AbstractContextManager[None]:
        del scope
        return sole_writer(self._folder / "start")

    def open(self, prefix: str) -> LocalJournal:
        names = [name for name in self._names() if name.startswith(prefix.strip().lower())]
        if len(names) == 1:
            return LocalJournal(self._path(names[0]))
        if names:
            raise ambiguous(prefix, names)
        raise UsageError(f'Unknown run "{prefix}".', hint="See `synq runs list`.")

    def has(self, prefix: str) -> bool:
        """Whether there is a run whose id has this prefix."""
        return any(name.startswith(prefix.strip().lower()) for name in self._names())

    def facts(self, **having: object) -> Iterator[Facts]:
        for facts in self._each(lambda journal: journal.facts):
            if all(getattr(facts, name) == value for name, value in having.items()):
                yield facts

    def overviews(self, **having: object) -> list[dict[str, Any]]:
        found = []
        for name in reversed(self._names()):
            try:
                with LocalJournal(self._path(name)) as journal:
                    if all(getattr(journal.facts, key) == value for key, value in having.items()):
                        found.append(overview(journal))
            except UsageError:
                found += [] if having else [{"id": name, **_DAMAGED}]
        return found

    def sent_since(self, since: float, scope: str, verb: str, hashes: Collection[int]) -> Iterator[SentRows]:
        wanted = frozenset(hashes)

        def read(journal: LocalJournal) -> SentRows | None:
            facts = journal.facts
            if facts.scope != scope or facts.started_at < since or (facts.verb != verb and not facts.undoes):
                return None
            entries = journal.hashes()
            if not facts.undoes and wanted.isdisjoint(hash_numbers(each for *_, each in entries)):
                return None
            return facts, entries, any(state in {"pending", "sent"} for _, state, *_ in entries) and journal.is_running

        yield from filter(None, self._each(read))

    @contextmanager
    def readable(self, name: str, stdin: TextIO, runs: Runs) -> Iterator[Path]:
        """A file as RowReader takes it: where it is, or as a UTF-8 copy beside the journals.

        Standard input (-), pipes, UTF-16 and workbooks are copied; the copy stays if one of the runs needs it.
        UsageError if it can't be read.
        """
        copy = self._folder / f"{secrets.token_hex(8)}.input"
        try:
            yield copy if self._copied(name, stdin, copy) else Path(name)
        finally:
            if copy.exists() and not any(runs.facts(path=str(copy))):
                copy.unlink(missing_ok=True)

    def _copied(self, name: str, stdin: TextIO, copy: Path) -> bool:
        """Copy a file, unless it can be read in place."""
        file, sheet = split_sheet(name)
        try:
            with read_errors(file), nullcontext(binary(stdin)) if name == "-" else Path(file).open("rb") as source:
                if name != "-" and sheet is None and source.seekable():
                    start = source.read(PEEKED)
                    source.seek(0)
                    if can_be_read_in_place(start):
                        return False
                private_file(copy, new=True)
                with copy.open("wb") as target:
                    copy_as_utf8(source, target, name)
        except UnicodeDecodeError:
            raise UsageError(f"{shown_name(name)} can't be read: it is not UTF-16 text.") from None
        return True

    def written_since(self, since: float, scope: str, verbs: Collection[str]) -> Iterator[tuple[Facts, list[Row]]]:
        for path in map(self._path, self._names()):
            if path.stat().st_mtime < since:
                continue
            try:
                with LocalJournal(path) as journal:
                    if journal.facts.scope == scope and journal.facts.verb in verbs:
                        yield journal.facts, journal.entries()
            except UsageError as error:
                raise UsageError(f"{error.message} Its run may have posted them: move that file elsewhere.") from None

    def delete_of(self, prefix: str) -> int:
        """Delete the runs whose scope has this prefix, except those that a process works on; gives how many."""
        deleted = 0
        for name in self._names():
            with suppress(UsageError, FileNotFoundError), LocalJournal(self._path(name)) as journal:
                if journal.facts.scope.startswith(prefix) and not journal.is_running:
                    self._path(name).unlink()
                    deleted += 1
        return deleted

    def _each(self, read: Callable[[LocalJournal], _T]) -> Iterator[_T]:
        """What `read` gives for each run, the latest first, without those whose journals are damaged."""
        for name in reversed(self._names()):
            try:
                with LocalJournal(self._path(name)) as journal:
                    found = read(journal)
            except UsageError:
                continue
            yield found

    def _delete_left_over(self, before: float) -> None:
        """Delete copies and unfinished journals that processes left which were killed before this epoch second."""
        found = (path for pattern in ("*.input", "*.new*") for path in self._folder.glob(pattern))
        with suppress(FileNotFoundError):  # another process has deleted one meanwhile; the rest can wait
            if old := [path for path in found if path.stat().st_mtime < before]:
                needed = {facts.path for facts in self.facts()}
                for path in old:
                    if str(path) not in needed:
                        path.unlink()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{SUFFIX}"

    def _names(self) -> list[str]:
        try:
            files = list(self._folder.iterdir())  # a glob would be empty for a folder that can't be read
        except OSError as error:
            raise UsageError(
                f"The folder {self._folder} can't be read: {error.strerror}.", hint=OTHER_FOLDERS
            ) from None
        return sorted(file.stem for file in files if file.name.endswith(SUFFIX))
