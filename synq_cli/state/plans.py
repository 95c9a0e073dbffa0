"""The plans of this machine: proposals that wait for approval, approvals, and the ids of those that were applied."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from synq_cli import exact_json
from synq_cli.errors import RefusedError, UsageError
from synq_cli.state.database import Connection, opened, usage_errors
from synq_cli.times import utc_time

# Seconds until a proposal that has expired is deleted; an id that was used stays.
_KEPT = 30 * 86_400.0
_VERSION = 1
_SCHEMA = (
    """CREATE TABLE proposals (
        id TEXT PRIMARY KEY, hash TEXT NOT NULL, scope TEXT NOT NULL, document TEXT NOT NULL,
        expires REAL NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE approvals (
        id TEXT NOT NULL, hash TEXT NOT NULL, approver TEXT NOT NULL, at REAL NOT NULL,
        PRIMARY KEY (id, hash)) WITHOUT ROWID""",
    "CREATE TABLE used (id TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID",
)


class Approval(NamedTuple):
    """Who has approved a plan, and when, in epoch seconds."""

    approver: str
    at: float


@dataclass(eq=False, repr=False)
class Plans:
    """The file of plans, shared by all processes; each change is on disk when its method returns.

    UsageError if the file can't be used.
    """

    path: Path
    now: Callable[[], float]

    def propose(self, plan: str, document: str, *, scope: str, expires: float) -> None:
        """Keep the text of a plan document under its id, for somebody to approve."""
        with self._opened() as database:
            database.execute("DELETE FROM proposals WHERE expires < ?", (self.now() - _KEPT,))
            row = (plan, exact_json.loads(document)["hash"], scope, document, expires)
            database.execute("INSERT OR REPLACE INTO proposals VALUES (?, ?, ?, ?, ?)", row)

    def proposal(self, prefix: str) -> str:
        """The text of the proposal whose id has this prefix. UsageError if there is none, or several."""
        wanted = prefix.strip().lower()
        with self._opened() as database:
            found = database.execute(
                "SELECT id, document FROM proposals WHERE substr(id, 1, ?) = ? ORDER BY id", (len(wanted), wanted)
            ).fetchall()
        if len(found) == 1:
            text: str = found[0][1]
            return text
        if found:
            several = ", ".join(name for name, _ in found[-3:])
            raise UsageError(f'Ambiguous plan "{prefix}": use more characters.', hint=f"Matches: {several}")
        raise UsageError(f'Unknown plan "{prefix}".', hint="Give the file of a plan, or an id of `synq plan list`.")

    def waiting(self, scope: str) -> list[tuple[str, Approval | None]]:
        """The texts of the proposals for a tenant that were not applied and have not expired, the oldest first.

        Each with its approval, if there is one.
        """
        with self._opened() as database:
            found = database.execute(
                """SELECT document, approver, at FROM proposals LEFT JOIN approvals USING (id, hash)
                WHERE scope = ? AND expires >= ? AND id NOT IN (SELECT id FROM used) ORDER BY id""",
                (scope, self.now()),
            ).fetchall()
        return [(text, None if at is None else Approval(approver, at)) for text, approver, at in found]

    def approve(self, plan: str, digest: str, approver: str) -> None:
        """Record that a person has approved the plan with this id and hash."""
        with self._opened() as database:
            row = (plan, digest, approver, self.now())
            database.execute("INSERT OR REPLACE INTO approvals VALUES (?, ?, ?, ?)", row)

    def withdraw(self, plan: str, digest: str) -> bool:
        """Forget the approval of the plan with this id and hash; gives whether there was one."""
        with self._opened() as database:
            return database.execute("DELETE FROM approvals WHERE id = ? AND hash = ?", (plan, digest)).rowcount > 0

    def drop(self, plan: str) -> bool:
        """Forget the proposal with this id; gives whether there was one."""
        with self._opened() as database:
            return database.execute("DELETE FROM proposals WHERE id = ?", (plan,)).rowcount > 0

    def approval(self, plan: str, digest: str) -> Approval | None:
        """The approval of the plan with this id and hash on this machine."""
        with self._opened() as database:
            row = database.execute("SELECT approver, at FROM approvals WHERE id = ? AND hash = ?", (plan, digest))
            found = row.fetchone()
        return Approval(*found) if found else None

    def used_at(self, plan: str) -> float | None:
        """When the plan was applied on this machine."""
        with self._opened() as database:
            found = database.execute("SELECT at FROM used WHERE id = ?", (plan,)).fetchone()
        return found[0] if found else None

    def use(self, plan: str) -> None:
        """Record that the plan is applied now; RefusedError if it was before. Of two processes, one may."""
        with self._opened() as database:
            if found := database.execute("SELECT at FROM used WHERE id = ?", (plan,)).fetchone():
                raise RefusedError(
                    f"The plan {plan} was applied on {utc_time(found[0])}. Nothing was sent.",
                    hint="A plan is applied once. Run its command again with --plan for a new one.",
                )
            database.execute("INSERT INTO used VALUES (?, ?)", (plan, self.now()))

    @contextmanager
    def _opened(self) -> Iterator[Connection]:
        hint = "Move the file away if it is damaged; plans that were applied can then be applied again."
        with (
            usage_errors(f"The file of plans, {self.path},", hint),
            opened(self.path, _SCHEMA, _VERSION, durable=True) as database,
        ):
            yield database
