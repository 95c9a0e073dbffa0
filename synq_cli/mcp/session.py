"""What the tools of the MCP server do, without the protocol."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from synq_cli.bulk.plans import document
from synq_cli.cli.context import RunContext
from synq_cli.cli.tree.lines import Line
from synq_cli.errors import RateLimitedError, RefusedError, SynqError, UsageError
from synq_cli.http.rate_limit import RESERVE
from synq_cli.mcp import advice, answers, proposals, rules, verdicts
from synq_cli.mcp.allowance import Allowance
from synq_cli.mcp.children import Children, Finished, environment
from synq_cli.mcp.search import find_commands
from synq_cli.resources.shared.pagination import PAGE

if TYPE_CHECKING:
    from synq_cli.state.plans import Plans

# Clients give up after a minute.
SECONDS = 50.0
_LOOKUP_SECONDS = 4.0
MAX_WAIT = 20
# A command that reads every page starts only with so many requests left, if the session may send them.
_MANY = 10
_ID = re.compile(r"[0-9]{6}-[0-9]{6}-[0-9a-z]{4,16}")

Answer = dict[str, Any]


@dataclass(frozen=True)
class AgentSession:
    """The session of one client, for one profile.

    `options` are the global options that each command gets, `plans` the proposals of this machine, and `folder` the one
    that files of proposals must be in; None if they can't name files. `can_apply` is False if the policy of the profile
    lets nobody apply a plan with it. `too_few` has the requests that did not suffice for a command, by its words.
    """

    root: Any
    children: Children
    options: list[str]
    allowance: Allowance
    profile: str
    plans: "Plans"
    folder: Path | None
    can_apply: bool = True
    too_few: dict[tuple[str, ...], int] = field(default_factory=dict)

    def find_command(self, text: str) -> Answer:
        """The commands that a text means."""
        found = find_commands(self.root, text)
        following = None if len(found) == 1 else "Call this with the name of a command to get its options."
        if not found:
            following = 'No command matches. Use other words, such as "low stock", "cancel order" or "sales channels".'
        answer = self._costs(verdicts.READ, {})
        return answer | {"commands": found, "notes": [], "error": None, "next": following}

    def run_read(self, command: str, stop: Event) -> Answer:
        """Run a command that only reads."""
        nothing = {"data": None, "rows": None, "truncated": False}
        try:
            line = rules.read_line(self.root, command)
            if line.find("help"):
                free = self._costs(verdicts.READ, {}) | {"notes": [], "error": None, "next": None}
                return free | nothing | {"data": line.node.command.get_help(line.node.context)}
            rules.check_read(line)
            self._check_allowance(line)
        except SynqError as error:
            return self._refusal(error) | nothing
        finished = self._run(line, line.words, stop)
        answer = self._answer(finished)
        if answer["error"] is not None:
            return answer | nothing
        data, rows, following = answers.capped(answers.parsed(finished.out))
        return answer | {"data": data, "rows": rows, "truncated": following is not None, "next": following}

    def propose_write(self, command: str, stop: Event, rows: str = "") -> Answer:
        """Make a plan of what a command would change, and keep it for a person to approve; `rows` are its input."""
        try:
            line = rules.read_line(self.root, command)
            rules.check_write(line, self.folder, has_input=bool(rows))
            self._check_allowance(line)
        except SynqError as error:
            return self._refusal(error) | {"proposal": None}
        finished = self._run(line, line.with_option("--plan=-"), stop, text=rows)
        answer = self._answer(finished)
        if answer["error"] is not None:
            if rules.names_file(line) and answer["error"]["code"] == UsageError.code:
                refused = answers.rows_of_file_refused(answer["error"])
                answer |= {"notes": [], "error": answers.error_of(refused), "next": refused.hint}
            return answer | {"proposal": None}
        # Nothing has changed yet, so the command was not carried out.
        answer |= verdicts.LATER._asdict()
        if not finished.out.strip():
            return answer | {"proposal": None, "next": "Nothing would be sent, so there is nothing to approve."}
        try:
            plan = proposals.read_plan(finished.out)
            self.plans.propose(plan.id, plan.text, scope=plan.scope, expires=plan.expires)
        except SynqError as unusable:
            return self._refusal(unusable) | {"proposal": None}
        following = (
            "Nothing has changed. Ask a person to review it and to run, in a terminal: "
            f"synq approve {plan.id} --profile {self.profile}. Then call apply_approved with this id."
        )
        if not self.can_apply:
            following = (
                f"Nothing has changed. The policy of profile {self.profile} does not permit it to apply plans. Ask a "
                f"person to review it and to run, in a terminal, with a profile that may: synq apply {plan.id}"
            )
        return answer | {"proposal": proposals.summary(plan), "next": following}

    def apply_approved(self, plan: str, stop: Event) -> Answer:
        """Apply a proposal that a person has approved, once; of one that was applied before, answer with its run."""
        try:
            if not _ID.fullmatch(plan):
                raise UsageError("Invalid id of a proposal.", hint="Use the id that propose_write has returned.")
            if self._is_used(plan):
                return self._applied_before(plan, stop)
            self._check_approval(plan)
        except SynqError as refused:
            return self._refusal(refused) | {"run": None}
        words = [*self.options, "--output", "json", "--no-color", "apply", plan, "--approved"]
        # A person has approved all of it, so it is never cut short.
        finished = self.children.run(words, seconds=SECONDS, stop=stop, variables=_variables(), keep=True)
        notes, error, budget = answers.messages_of(finished.err)
        found = None if finished.status is None else answers.parsed(finished.out)
        run = found if isinstance(found, dict) else None
        started = self._is_used(plan)
        if started and run is None:
            run = self._run_of(plan, stop)
        verdict = verdicts.of_application(finished.status, error, run, started=started)
        if finished.status and error is None:
            error = answers.error_of(answers.stopped(finished, SECONDS))
        error = error and advice.error_for_agents(self.root, error)
        following = answers.after(verdict, run)
        if verdict != verdicts.UNKNOWN:
            following = answers.advice(error) or following
        return self._costs(verdict, budget) | {"run": run, "notes": notes, "error": error, "next": following}

    def _applied_before(self, plan: str, stop: Event) -> Answer:
        """The answer about a proposal that is used up: what its run has done until now."""
        run = self._run_of(plan, stop)
        verdict = verdicts.of_application(None, None, run, started=True)
        name = "" if run is None else f" by run {run['id']}"
        note = f"The proposal {plan} was applied before{name}. Nothing was sent now."
        error = None if verdict == verdicts.APPLIED else answers.error_of(RefusedError(note))
        following = answers.after(verdict, run)
        return self._costs(verdict, {}) | {"run": run, "notes": [note], "error": error, "next": following}

    def _run_of(self, plan: str, stop: Event) -> Answer | None:
        """The run that a proposal has become, as `runs list` shows it; None if it is not found in time."""
        # Of this machine, else of the team, if there is one.
        for where in ([], ["--team"]):
            words = [*self.options, "--output", "json", "--no-color", "runs", "list", *where]
            finished = self.children.run(words, seconds=_LOOKUP_SECONDS, stop=stop, variables=_variables())
            rows = answers.parsed(finished.out) if finished.status == 0 else None
            for row in rows if isinstance(rows, list) else ():
                if row.get("plan") == plan:
                    return dict(row)
        return None

    def busy(self) -> Answer:
        """The answer to a call that comes while too many others wait."""
        error = RateLimitedError("Too many calls are waiting.", hint="Wait for the answers to the others.")
        return self._refusal(error)

    def close(self) -> None:
        """Stop the commands that still run."""
        self.children.close()

    def _check_allowance(self, line: Line) -> None:
        """RateLimitedError if the command would need more requests than may be sent now, as far as that is known."""
        least = line.node.spec.requests[0]
        limit = line.find("limit")
        if limit and least and str(limit.value).isdecimal():
            least = max(least, -(-int(limit.value) // PAGE))
        if least and (any(given.title in {"--all", "--paginate"} for given in line.given)):
            least = max(least, min(_MANY, self.allowance.per_minute, self.allowance.left_in_all))
        self.allowance.check(max(least, self.too_few.get(tuple(line.words), -1) + 1))

    def _run(self, line: Line, words: list[str], stop: Event, text: str = "") -> Finished:
        """Run a line that sends no write, as these words, with the requests that are left, and count those it sends."""
        most = max(self.allowance.left, 1)
        variables = _variables() | {"SYNQ_MAX_REQUESTS": str(most)}
        # Also for a plan, which works in read-only mode: what makes none by mistake is stopped.
        whole = [*self.options, "--output", "json", "--no-color", "--read-only", *words]
        finished = self.children.run(whole, seconds=SECONDS, stop=stop, variables=variables, text=text)
        _, error, budget = answers.messages_of(finished.err)
        # One that is killed says how many requests it has sent only if it has come to its filter.
        largest = line.node.spec.requests[1]
        unknown = most if largest is None else min(most, largest)
        self.allowance.use(budget.get("requests", unknown if finished.status is None else 0))
        if error and "SYNQ_MAX_REQUESTS" in str(error.get("message")):
            # The same line is not sent again before there are more: it would use them up for nothing.
            self.too_few[tuple(line.words)] = most
        return finished

    def _check_approval(self, plan: str) -> None:
        """RefusedError, to try again later, unless a person has approved the proposal as it is; UsageError likewise."""
        kept = document.read(self.plans.proposal(plan), "The proposal")
        if self.plans.approval(kept.id, kept.digest) is None:
            error = RefusedError(
                f"A person has not approved the proposal {plan} yet.",
                hint=f"Ask a person to run, in a terminal: synq approve {plan} --profile {self.profile}",
            )
            error.retryable = True
            raise error

    def _is_used(self, plan: str) -> bool:
        return self.plans.used_at(plan) is not None

    def _answer(self, finished: Finished) -> Answer:
        """The answer to a command that sends no write, without its data."""
        notes, error, budget = answers.messages_of(finished.err)
        if finished.too_long or finished.status is None or (finished.status and error is None):
            return self._refusal(answers.stopped(finished, SECONDS), budget)
        if error and "SYNQ_MAX_REQUESTS" in str(error.get("message")):
            try:
                self.allowance.check(budget.get("requests", 0) + 1)
            except RateLimitedError as shortage:
                return self._refusal(shortage, budget)
        error = error and advice.error_for_agents(self.root, error)
        verdict = verdicts.of_read(finished.status, error)
        return self._costs(verdict, budget) | {"notes": notes, "error": error, "next": answers.advice(error)}

    def _refusal(self, error: SynqError, budget: Mapping[str, Any] | None = None) -> Answer:
        """The answer where nothing was carried out."""
        verdict, shown = verdicts.LATER if error.retryable else verdicts.REFUSED, answers.error_of(error)
        for key in ("hint", "next"):
            shown[key] = shown[key] and advice.for_agents(self.root, shown[key])
        return self._costs(verdict, budget or {}) | {"notes": [], "error": shown, "next": answers.advice(shown)}

    def _costs(self, verdict: verdicts.Verdict, budget: Mapping[str, Any]) -> Answer:
        left = {key: budget[key] for key in ("remaining", "limit") if key in budget}
        session = {"session_remaining": self.allowance.left, "session_remaining_in_all": self.allowance.left_in_all}
        return {**verdict._asdict(), "requests": budget.get("requests", 0), "budget": left | session}


def open_session(run: RunContext, *, per_minute: int, in_all: int) -> AgentSession:
    """A session whose commands use the profile, the server and the folder of this run."""
    settings, folder = run.settings, run.system.folder()
    fixed = {"--profile": settings.profile, "--max-wait": f"{min(settings.max_wait, MAX_WAIT):g}"}
    for name in ("base_url", "timeout"):
        if settings.sources[name].startswith("option"):
            fixed[f"--{name.replace('_', '-')}"] = str(getattr(settings, name))
    # A program of the person's own, such as a token_command, gets what it would get on a terminal.
    store = settings.team_store or ""
    has_program = bool(settings.token_command or (store and not store.startswith("$")))
    environ = environment(run.system.environ, store.removeprefix("$"), whole=has_program)
    options = [word for pair in fixed.items() for word in pair]
    allowance = Allowance(per_minute, in_all, run.system.now)
    children = Children(environ, folder)
    # Clients that are started from the desktop start it in / or in the home folder, which hold files of all kinds.
    homes = [Path(home).resolve() for home in map(environ.get, ("HOME", "USERPROFILE")) if home]
    holds_all = folder.parent == folder or any(home.is_relative_to(folder.resolve()) for home in homes)
    own = None if holds_all else folder
    can_apply = run.policy is None or run.policy.can_apply
    return AgentSession(run.root.command, children, options, allowance, settings.profile, run.plans, own, can_apply)


def _variables() -> dict[str, str]:
    return {"SYNQ_RESERVE": str(RESERVE), "SYNQ_FOOTER": "json"}
