"""What a command printed, as far as an answer may hold it."""

import re
from collections.abc import Mapping
from typing import Any

from synq_cli import exact_json
from synq_cli.errors import SynqError, UsageError
from synq_cli.mcp.children import Finished
from synq_cli.mcp.verdicts import Verdict

MOST_ROWS = 100
MOST_CHARACTERS = 60_000
_MOST_NOTES = 20
_MOST_LINES = 10
_LINE = re.compile(r"\bline (\d{1,9})\b", re.IGNORECASE)


def messages_of(text: str) -> tuple[list[str], dict[str, Any] | None, dict[str, Any]]:
    """The remarks that a command printed on stderr, its error, and its footer; each is one line.

    The footer is the last line and the error the last one before it: what else looks like them is a remark, except for
    a footer from before a filter has run.
    """
    lines = text.splitlines()
    budget = _object(lines, "budget") or {}
    error = _object(lines, "error")
    return [line for line in lines if line.strip() and not _object([line], "budget")][-_MOST_NOTES:], error, budget


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


def parsed(text: str) -> Any:
    """The value of JSON text; other text, such as a help page, as it is; None for nothing."""
    if not text.strip():
        return None
    try:
        return exact_json.loads(text)
    except (ValueError, RecursionError):
        return text


def capped(data: Any) -> tuple[Any, int | None, str | None]:
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


def rows_of_file_refused(error: Mapping[str, Any]) -> UsageError:
    """An error about the rows of a file that an agent has named, without what is in that file."""
    text = " ".join([str(error.get("message")), *map(str, error.get("details") or ())])
    lines = ", ".join(list(dict.fromkeys(_LINE.findall(text)))[:_MOST_LINES])
    return UsageError(
        f"The command or its file is invalid{lines and ': see line '}{lines}.",
        hint="synq shows agents no contents of files. Give the rows as `input`, with --file -, to see what is wrong.",
    )


class StoppedError(SynqError):
    """A command that ended without an error of its own."""

    code = "stopped"
    usual_next = "Ask a person to run it in a terminal."


def stopped(finished: Finished, seconds: float) -> StoppedError:
    """Why a command ended without an error of its own."""
    if finished.too_long:
        return StoppedError("The command printed too much and was stopped.", hint="Use --limit, --fields or --jq.")
    if finished.status is not None:
        return StoppedError(f"The command ended without an error message (status {finished.status}).")
    error = StoppedError(f"The command took longer than {seconds:g} seconds and was stopped.", hint="Ask for less.")
    error.retryable = True
    return error


def after(verdict: Verdict, run: Mapping[str, Any] | None) -> str | None:
    """What to do after a proposal was applied, or may have been."""
    if verdict.outcome == "applied":
        return None
    if run is not None:
        look = f"Look at it with run_read: runs show {run.get('id')} --rows all."
        if verdict.outcome == "not_applied":
            return look
        is_open = run.get("state") == "running" or run.get("pending") or run.get("unknown") or run.get("in_transit")
        left = f"The run {run.get('id')} is open. " if is_open else ""
        more = " A person can resume it." if is_open else ""
        return f"{left}{look}{more} Do not propose the same change again."
    return "It may still run. Look with run_read: runs list. Do not propose the same change again before that."


def error_of(error: SynqError) -> dict[str, Any]:
    """The error as commands print it."""
    found: Any = error.as_json()["error"]
    return dict(found)


def advice(error: Mapping[str, Any] | None) -> str | None:
    """What an error says is to be done."""
    return None if error is None else error.get("next") or error.get("hint")
