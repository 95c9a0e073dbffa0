"""Finds an earlier run that has sent the rows of a file already, by the hashes in its journal."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from synq_cli.bulk.journal import Facts, Row, State, hash_numbers
from synq_cli.bulk.runs import Runs, SentRows

_DAYS = 30


@dataclass(frozen=True)
class Repeat:
    """A run that has sent, or may have sent, `sent` of the `rows` of a plan; `is_same` if it is a run of just these.

    With `is_certain` all that it has sent is done; `is_running` if another process works on it. If it has rows left,
    there is a `resume_command`.
    """

    run: str
    started_at: float
    rows: int
    sent: int
    is_same: bool
    is_certain: bool
    is_running: bool
    resume_command: str | None

    @property
    def sentence(self) -> str:
        """Which rows were sent when."""
        rows = f"{self.sent:,} of these {self.rows:,} rows"
        if self.sent == self.rows:
            rows = "This row" if self.rows == 1 else f"These {self.rows:,} rows"
        if self.is_running:
            return f"{rows} {'is' if self.sent == 1 else 'are'} part of run {self.run}, which is running."
        verb = "was" if self.sent == 1 else "were"
        at = datetime.fromtimestamp(self.started_at).astimezone()
        doubt = "" if self.is_certain else ", or may have been,"
        return f"{rows} {verb} posted{doubt} on {at:%A} {at.day} {at:%B} at {at:%H:%M} by run {self.run}."

    @property
    def hint(self) -> str:
        """What to do instead of posting them again."""
        instead = ""
        if self.is_running:
            instead = f"`synq runs show {self.run}` shows its progress. "
        elif self.resume_command:
            instead = f"To finish that run, run `{self.resume_command}`. "
        return f"{instead}To post {'it' if self.rows == 1 else 'them'} again, add --again."


def find_repeat(
    runs: Runs, rows: Sequence[Row], *, verb: str, scope: str, now: float, after: Facts | None = None
) -> Repeat | None:
    """The latest run of the last 30 days with the same rows, in any order, of which it has sent one or more.

    Else the run that has sent most of these rows, if that is more than half of them. What was undone does not count.
    With `after` only runs that started later than this one are considered.
    """
    wanted = _counted(row.hashes for row in rows)
    recent = runs.sent_since(now - _DAYS * 86_400, scope, verb, wanted.keys())
    found = sorted(recent, key=lambda each: each[0].started_at, reverse=True)
    undone = {facts.undoes: {line for line, state, *_ in entries if state == "done"} for facts, entries, _ in found}
    if after:
        found = [run for run in found if run[0].started_at >= after.started_at and run[0].id != after.id]
    repeats = [repeat for group in _groups(found) if (repeat := _repeat_of(wanted, group, undone))]
    if same := next((repeat for repeat in repeats if repeat.is_same), None):
        return same
    most = max(repeats, key=lambda repeat: repeat.sent, default=None)
    return most if most and most.sent * 2 > most.rows else None


def _groups(found: Sequence[SentRows]) -> list[list[SentRows]]:
    """Each run alone, and the shards of a file together, because the whole file repeats all of them."""
    shards: dict[tuple[str, str], list[SentRows]] = {}
    for run in found:
        if facts := run[0] if run[0].shard else None:
            shards.setdefault((facts.file, str(facts.shard).partition("/")[2]), []).append(run)
    return [*([run] for run in found), *(group for group in shards.values() if len(group) > 1)]


def _repeat_of(wanted: Counter[int], runs: Sequence[SentRows], undone: Mapping[str | None, set[int]]) -> Repeat | None:
    """The wanted rows that these runs have sent, without undone lines; None if there are none."""
    sent = [
        (state, hashes)
        for facts, entries, is_running in runs
        for line, state, may_be_sent, hashes in entries
        if (may_be_sent or (is_running and state == "pending")) and line not in undone.get(facts.id, ())
    ]
    if not (common := (wanted & _counted(hashes for _, hashes in sent)).total()):
        return None
    latest = runs[0][0]
    left = next((facts for facts, entries, _ in runs if any(_is_left(*entry) for entry in entries)), None)
    return Repeat(
        latest.id,
        latest.started_at,
        wanted.total(),
        common,
        is_same=wanted == _counted(hashes for _, entries, _ in runs for *_, hashes in entries),
        is_certain=all(state == "done" for state, _ in sent),
        is_running=any(is_running for *_, is_running in runs) and any(state != "done" for state, _ in sent),
        resume_command=left.resume_command if left else None,
    )


def _is_left(_line: int, state: State, may_be_sent: bool, _hashes: bytes) -> bool:
    """Whether resuming a run may finish the row: one that failed, too, if its first half was carried out."""
    return state in {"pending", "sent", "unknown"} or (state == "failed" and may_be_sent)


def _counted(hashes: Iterable[bytes]) -> Counter[int]:
    return Counter(hash_numbers(hashes))
