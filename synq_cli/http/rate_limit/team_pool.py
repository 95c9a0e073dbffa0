"""The window of a host in the team store, for all machines behind one address, with a local fallback."""

from collections.abc import Callable, Iterable
from threading import Lock, Thread
from typing import Any, NamedTuple, TypeVar

from synq_cli.errors import SynqError
from synq_cli.http.rate_limit.budget import Store
from synq_cli.http.rate_limit.window import Changes, Entry, HostLimit, WindowState
from synq_cli.state.cache import Cache
from synq_cli.state.team.store import TeamStore, TeamStoreError
from synq_cli.state.team.transaction import Transaction

Result = TypeVar("Result")

# Seconds: the longest wait for the store, and how long other commands don't try a store that failed.
_WITHIN = 5.0
_PAUSE = 60.0
# Pauses between retries while a restarting store refuses connections.
_RETRIES = (0.25, 0.5, 1.0, 1.5)
# How often a long run checks whether a store that failed responds again.
_PROBE = 5.0
# For so long the commands of a machine don't repeat the warning about a failure, unless the store has responded.
_SAID = 3600.0
# Reads may use a window of this age.
_FRESH = 2.0

_HOST = "SELECT size, blocked_at, blocked_for, refusals, refused_at FROM synq.hosts WHERE pool = %s AND host = %s"
_ENTRIES = "SELECT id, kind, at, lasts, profile, command FROM synq.requests WHERE pool = %s AND host = %s"
_PUT_HOST = (
    "INSERT INTO synq.hosts (pool, host, size, blocked_at, blocked_for, refusals, refused_at) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (pool, host) DO UPDATE SET (size, blocked_at, blocked_for, "
    "refusals, refused_at) = (EXCLUDED.size, EXCLUDED.blocked_at, EXCLUDED.blocked_for, EXCLUDED.refusals, "
    "EXCLUDED.refused_at)"
)
# The machine of an entry never changes.
_PUT = (
    "INSERT INTO synq.requests (pool, host, id, kind, at, lasts, profile, command, machine) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (pool, host, id) DO UPDATE SET (kind, at, lasts) = "
    "(EXCLUDED.kind, EXCLUDED.at, EXCLUDED.lasts)"
)
_REMOVE = "DELETE FROM synq.requests WHERE pool = %s AND host = %s AND id = ANY(%s)"
_HOSTS = "SELECT pool, host, size, blocked_at, blocked_for, refusals, refused_at FROM synq.hosts ORDER BY pool, host"
_ALL = "SELECT pool, host, id, kind, at, lasts, profile, command, machine FROM synq.requests"


class _Job:
    """Work of a thread on the window, and the result once it is done."""

    def __init__(self, work: Callable[[WindowState, float], Any]) -> None:
        self.work = work
        self.done = False
        self.result: Any = None

    def finish(self, result: Any) -> None:
        self.result, self.done = result, True


class TeamPool:
    """The window of one host in one pool. Thread-safe.

    Times are converted from the store's clock to this machine's, so tickets are valid in both stores. If the store
    fails, `local` takes over with the last known state of the pool, and a thread retries the store periodically.
    `cache` tells other processes of this machine about a failure: `warn` is called once, by the first of them.
    """

    def __init__(
        self,
        team: TeamStore,
        pool: str,
        host: str,
        *,
        local: Store,
        cache: Cache,
        now: Callable[[], float],
        sleep: Callable[[float], None],
        warn: Callable[[str], None],
    ) -> None:
        self._team = team
        self._key = (pool, host)
        self._local = local
        self._cache = cache
        self._now = now
        self._sleep = sleep
        self._warn = warn
        self._lock = Lock()
        self._turn = Lock()
        self._jobs: list[_Job] = []
        self._asked_cache = False
        self._said_at: float | None = None  # when another process has noted that the store failed
        self._failed_at: float | None = None
        self._asked_at = 0.0
        self._probe: Thread | None = None
        self._seen: WindowState | None = None
        self._seen_at = 0.0

    def transact(self, work: Callable[[WindowState, float], Result]) -> Result:
        """Run `work` on the window and the time in a transaction of the store that locks the pool's host.

        This takes two round trips. Jobs that other threads add in the meantime share the next transaction, so the
        workers of a bulk run acquire slots in batches. If the transaction fails, `work` may run again, perhaps on the
        local window.
        """
        job = _Job(work)
        with self._lock:
            self._jobs.append(job)
        with self._turn:
            if not job.done:
                with self._lock:
                    jobs, self._jobs = self._jobs, []
                try:
                    self._run(jobs)
                finally:  # after an error or an interrupt, other threads do the jobs that they wait for
                    with self._lock:
                        self._jobs += [other for other in jobs if not other.done and other is not job]
        result: Result = job.result
        return result

    def look(self, work: Callable[[WindowState, float], Result]) -> Result:
        """Run `work`, which only reads, on a recent state of the window, otherwise in a transaction."""
        seen, now = self._seen, self._now()
        if seen is None or not 0 <= now - self._seen_at <= _FRESH:
            return self.transact(work)
        return work(WindowState(seen.limit, seen.entries.values()), now)

    def close(self) -> None:
        """Close the local window, but not the store, which may have other users."""
        self._local.close()

    def _run(self, jobs: "list[_Job]") -> None:
        """Do all jobs in one transaction of the store, or without the store in local ones."""
        if not self._is_down():
            try:
                results, self._seen = self._in_store(jobs)
            except TeamStoreError as error:
                self._fall_back(error)
            else:
                self._seen_at = self._now()
                if self._said_at is not None:
                    self._said_at = None
                    self._cache.set("team_store", self._team.place, None)
                for job, result in zip(jobs, results, strict=True):
                    job.finish(result)
                return
        for job in jobs:
            job.finish(self._local.transact(job.work))

    def _in_store(self, jobs: "list[_Job]") -> tuple[list[Any], WindowState]:
        """The results of the jobs, and the window after them; TeamStoreError if the store still fails after retries."""
        for pause in (*_RETRIES, None):
            try:
                return self._team.transact(
                    lambda transaction: self._work(transaction, jobs), lock="/".join(self._key), within=_WITHIN
                )
            except TeamStoreError as error:
                if pause is None or not error.may_be_brief:
                    raise
                self._sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _work(self, transaction: Transaction, jobs: "list[_Job]") -> tuple[list[Any], WindowState]:
        limit_row, entry_rows = transaction.query(_HOST, *self._key), transaction.query(_ENTRIES, *self._key)
        theirs, now = transaction.now, self._now()
        offset, row = theirs - now, limit_row.one()
        state = WindowState(
            None if row is None else _shifted(HostLimit(*row), -offset),
            (entry._replace(at=entry.at - offset) for entry in map(Entry._make, entry_rows.all())),
        )
        results = [job.work(state, now) for job in jobs]
        self._write(transaction, state.changes, offset)
        return results, state

    def _write(self, transaction: Transaction, changes: Changes, offset: float) -> None:
        if changes.limit:
            transaction.execute(_PUT_HOST, *self._key, *_shifted(changes.limit, offset))
        if changes.removed:
            transaction.execute(_REMOVE, *self._key, changes.removed)
        if changes.put:
            moved = [entry._replace(at=entry.at + offset) for entry in changes.put]
            transaction.execute_many(_PUT, [(*self._key, *entry, self._team.machine) for entry in moved])

    def _is_down(self) -> bool:
        """Whether the store failed recently, here or in another process of this machine."""
        if not self._asked_cache:
            self._asked_cache = True
            other = self._cache.get("team_store", self._team.place)
            if isinstance(other, int | float) and 0 <= (ago := self._now() - other) < _SAID:
                self._said_at = other
                if ago < _PAUSE:
                    self._note_failure(other)
        self._try_again()
        return self._failed_at is not None

    def _fall_back(self, error: TeamStoreError) -> None:
        now = self._now()
        self._note_failure(now)
        if error.retryable:  # otherwise it responds, and may be set up at any moment
            self._cache.set("team_store", self._team.place, now)
        if self._said_at is None or not error.retryable:
            self._warn(
                f"{error.message} Until it responds again, the rate limit is shared on this machine only, and "
                "corrected by the responses of the API."
            )
        seen, self._seen = self._seen, None
        if seen is not None:

            def add_seen(state: WindowState, _now: float) -> None:
                state.limit = seen.limit
                # Ids are the same everywhere: an entry added by several processes counts once.
                state.entries.update(seen.entries)

            self._local.transact(add_seen)

    def _note_failure(self, at: float) -> None:
        with self._lock:
            self._failed_at = at

    def _try_again(self) -> None:
        """Check the store periodically in a separate thread; no request waits for it."""
        with self._lock:
            now = self._now()
            is_recent = now - max(self._failed_at or now, self._asked_at) < _PROBE
            if self._failed_at is None or is_recent or self._probe is not None:
                return
            self._asked_at = now
            self._probe = Thread(target=self._ask, daemon=True)
            self._probe.start()

    def _ask(self) -> None:
        try:
            self._team.read(lambda transaction: transaction.now, within=_WITHIN)
        except SynqError:
            pass  # it is still down
        else:
            self._cache.set("team_store", self._team.place, None)
            self._failed_at = self._said_at = None
        finally:
            self._probe = None


class Usage(NamedTuple):
    """Requests of one command of a machine in the window of a pool, and how many of them are in flight."""

    pool: str
    host: str
    profile: str
    command: str
    machine: str
    requests: int
    under_way: int


def overview(team: TeamStore) -> tuple[list[dict[str, object]], list[Usage]]:
    """Each host of each pool with its limit, and the commands that have used it."""

    def work(transaction: Transaction) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]], float]:
        rows, hosts = transaction.query(_ALL), transaction.query(_HOSTS)
        return rows.all(), hosts.all(), transaction.now

    rows, hosts, now = team.read(work)
    pools, usages = [], []
    for pool, host, *limit in hosts:
        own = [(Entry._make(row[2:8]), row[8]) for row in rows if row[:2] == (pool, host)]
        state = WindowState(HostLimit(*limit), (entry for entry, _ in own))
        state.expire(now)
        shown = state.snapshot(now, host, None).as_row()
        known = {name: shown[name] for name in ("host", "limit", "remaining", "blocked_for")}
        pools.append({"pool": pool, **known, "other_clients": shown["strangers"]})
        usages += _usages(pool, host, [(entry, machine) for entry, machine in own if entry.id in state.entries])
    return pools, usages


def _usages(pool: str, host: str, entries: Iterable[tuple[Entry, str]]) -> list[Usage]:
    kinds: dict[tuple[str, str, str], list[str]] = {}
    for entry, machine in entries:
        if entry.kind in {"sending", "settled"}:
            kinds.setdefault((entry.profile, entry.command, machine), []).append(entry.kind)
    found = [Usage(pool, host, *who, len(each), each.count("sending")) for who, each in kinds.items()]
    return sorted(found, key=lambda usage: (-usage.requests, usage))


def _shifted(limit: HostLimit, seconds: float) -> HostLimit:
    """The limit in the time of another clock; 0 means never."""
    return limit._replace(
        blocked_at=limit.blocked_at and limit.blocked_at + seconds,
        refused_at=limit.refused_at and limit.refused_at + seconds,
    )
