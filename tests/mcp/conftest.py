"""An agent's session whose commands run in this process, on a new sandbox."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import pytest
from runner import Runner

from synq_cli.app import root_command
from synq_cli.mcp.allowance import Allowance
from synq_cli.mcp.children import Finished
from synq_cli.mcp.session import AgentSession
from synq_cli.state.plans import Plans


@dataclass
class InProcess:
    """Runs the commands of a session through the runner; `ended` replaces what the next ones leave."""

    synq: Runner
    environ: Mapping[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    lines: list[list[str]] = field(default_factory=list)
    ended: list[Finished] = field(default_factory=list)
    closed: bool = False

    def run(self, words: list[str], *, variables: Mapping[str, str], stop: Event, text: str = "", **_: Any) -> Finished:
        self.lines.append(words)
        if self.ended:
            return self.ended.pop(0)
        assert not stop.is_set()
        done = self.synq(*words, environ={**self.environ, **variables}, stdin=text, **self.settings)
        return Finished(done.status, done.out, done.err)

    def close(self) -> None:
        self.closed = True


@dataclass
class Agent:
    """A session, and the answers of its tools."""

    session: Any
    children: InProcess
    plans: Plans

    def read(self, command: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.session.run_read(command, Event())
        return answer

    def propose(self, command: str, rows: str = "") -> dict[str, Any]:
        answer: dict[str, Any] = self.session.propose_write(command, Event(), rows)
        return answer

    def apply(self, plan: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.session.apply_approved(plan, Event())
        return answer

    def person_approves(self, plan: str) -> None:
        done = self.children.synq("--sandbox", "approve", plan, terminal=True, stdin="y\n")
        assert done.status == 0, done.err


@pytest.fixture
def agent(synq: Runner) -> Agent:
    """An agent on the sandbox that may send 30 requests a minute."""
    synq.seed_sandbox()
    children = InProcess(synq)
    allowance = Allowance(30, 100, lambda: synq.clock)
    plans = Plans(synq.folder / "state" / "plans.sqlite3", lambda: synq.clock)
    known = (["--profile", "sandbox"], allowance, "sandbox", plans, synq.folder)
    return Agent(AgentSession(root_command(), children, *known), children, plans)  # type: ignore[arg-type]
