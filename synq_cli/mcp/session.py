"""What the tools of the MCP server do, without the protocol."""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event
from typing import Any

from synq_cli import exact_json
from synq_cli.cli.context import RunContext
from synq_cli.errors import RateLimitedError, SynqError
from synq_cli.http.rate_limit import RESERVE
from synq_cli.mcp import rules, verdicts
from synq_cli.mcp.allowance import Allowance
from synq_cli.mcp.children import Children, Finished
from synq_cli.mcp.search import find_commands

MOST_ROWS = 100
MOST_CHARACTERS = 60_000
_MOST_NOTES = 20
# Clients give up after a minute.
SECONDS = 50.0
MAX_WAIT = 20
# The server sets these by itself, or their effect on the output would be in the way.
_NOT_PASSED = {"SYNQ_DEBUG", "SYNQ_OUTPUT", "SYNQ_PROFILE"}

Answer = dict[str, Any]


@dataclass(frozen=True)
class AgentSession:
    """The session of one client; `options` are the global options that each command gets."""

    root: Any
    children: Children
    options: list[str]
    allowance: Allowance

    def find_command(self, text: str) -> Answer:
        """The commands that a text means."""
        return {"commands": find_commands(self.root, text)}

    def run_read(self, command: str, stop: Event) -> Answer:
        """Run a command that only reads."""
        try:
            line = rules.read_line(self.root, command)
            rules.check_read(line)
            self.allowance.check(line.node.spec.requests[0])
        except SynqError as error:
            return self._refusal(error)
        finished = self._run(["--read-only", *line.words], stop)
        return self._read_answer(finished)

    def busy(self) -> Answer:
        """The answer to a call that comes while too many others wait."""
        return self._refusal(RateLimitedError("Too many calls wait.", hint="Wait for the answers to the others."))

    def close(self) -> None:
        """Stop the commands that still run."""
        self.children.close()

    def _run(self, words: list[str], stop: Event) -> Finished:
        """Run a command with the requests that are left, and count those that it sends."""
        most = max(self.allowance.left, 1)
        variables = {"SYNQ_RESERVE": str(RESERVE), "SYNQ_MAX_REQUESTS": str(most), "SYNQ_FOOTER": "json"}
        line = [*self.options, "--output", "json", "--no-color", *words]
        finished = self.children.run(line, seconds=SECONDS, stop=stop, variables=variables)
        # One that was killed does not say how many requests it has sent.
        sent = most if finished.status is None else _messages(finished.err)[2].get("requests", 0)
        self.allowance.use(sent)
        return finished

    def _read_answer(self, finished: Finished) -> Answer:
        notes, error, budget = _messages(finished.err)
        verdict = verdicts.of_read(finished.status, error)
        if finished.too_long or finished.status is None or (finished.status and error is None):
            return self._refusal(_stopped(finished), budget)
        data = _parsed(finished.out) if finished.status == 0 else None
        data, rows, following = _capped(data)
        return self._answer(verdict, budget) | {
            "data": data,
            "rows": rows,
            "truncated": following is not None,
            "notes": notes,
            "error": error,
            "next": following or _advice(error),
        }

    def _refusal(self, error: SynqError, budget: Mapping[str, Any] | None = None) -> Answer:
        verdict = verdicts.LATER if error.retryable else verdicts.REFUSED
        parsed: Any = error.as_json()["error"]
        return self._answer(verdict, budget or {}) | {
            "data": None,
            "rows": None,
            "truncated": False,
            "notes": [],
            "error": parsed,
            "next": _advice(parsed),
        }

    def _answer(self, verdict: verdicts.Verdict, budget: Mapping[str, Any]) -> Answer:
        left = {key: budget[key] for key in ("remaining", "limit") if key in budget}
        session = {"session_remaining": self.allowance.left, "session_remaining_in_all": self.allowance.left_in_all}
        return {**verdict._asdict(), "requests": budget.get("requests", 0), "budget": left | session}


def _messages(text: str) -> tuple[list[str], dict[str, Any] | None, dict[str, Any]]:
    """The remarks that a command printed on stderr, its error, and its footer; each is one line.

    The footer is the last line and the error the last one before it: what else looks like them is a remark.
    """
    lines = text.splitlines()
    budget = _object(lines, "budget") or {}
    error = _object(lines, "error")
    return [line for line in lines if line.strip()][-_MOST_NOTES:], error, budget


def _object(lines: list[str], key: str) -> dict[str, Any] | None:
    """The object of the last line, which is removed, if it is JSON with this key only."""
    try:
        found = exact_json.loads(lines[-1]) if lines else None
    except (ValueError, RecursionError):
        return None
    if not (isinstance(found, dict) and list(found) == [key] and isinstance(found[key], dict)):
        return None
    lines.pop()
    value: dict[str, Any] = found[key]
    return value


def _parsed(text: str) -> Any:
    """The value of JSON text; other text, such as a help page, as it is; None for nothing."""
    if not text.strip():
        return None
    try:
        return exact_json.loads(text)
    except (ValueError, RecursionError):
        return text


def _capped(data: Any) -> tuple[Any, int | None, str | None]:
    """The data as far as an answer may hold it, its number of rows if it is a list, and how to get the rest."""
    if not isinstance(data, list):
        size = len(exact_json.dumps(data))
        if size <= MOST_CHARACTERS:
            return data, None, None
        return None, None, f"The answer has {size:,} characters: ask for less with --fields or --jq."
    kept, size = [], 0
    for row in data[:MOST_ROWS]:
        size += len(exact_json.dumps(row))
        if size > MOST_CHARACTERS:
            break
        kept.append(row)
    if len(kept) == len(data):
        return kept, len(kept), None
    following = (
        f"These are {len(kept)} of {len(data)} rows. For fewer fields use --fields, for fewer rows filters or --limit, "
        f"for the next rows --jq '.[{len(kept)}:{len(kept) * 2}]'."
    )
    return kept, len(kept), following


def _stopped(finished: Finished) -> SynqError:
    if finished.too_long:
        return SynqError("The command printed too much and was stopped.", hint="Ask for less with --limit or --fields.")
    if finished.status is not None:
        return SynqError(f"The command ended without an error message (status {finished.status}).")
    error = SynqError(f"The command took longer than {SECONDS:g} seconds and was stopped.", hint="Ask for less.")
    error.retryable = True
    return error


def _advice(error: Mapping[str, Any] | None) -> str | None:
    return None if error is None else error.get("hint")


def open_session(run: RunContext, *, per_minute: int, in_all: int) -> AgentSession:
    """A session whose commands use the profile, the server and the folder of this run."""
    settings = run.settings
    fixed = {"--profile": settings.profile, "--max-wait": f"{min(settings.max_wait, MAX_WAIT):g}"}
    if settings.sources["base_url"].startswith("option"):
        fixed["--base-url"] = settings.base_url
    if settings.sources["timeout"].startswith("option"):
        fixed["--timeout"] = f"{settings.timeout:g}"
    environ = {name: value for name, value in run.system.environ.items() if name not in _NOT_PASSED}
    children = Children(environ, run.system.folder())
    options = [word for pair in fixed.items() for word in pair]
    return AgentSession(run.root.command, children, options, Allowance(per_minute, in_all, run.system.now))
