"""What an agent may run: checked on the parsed command line, before a process is started."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from synq_cli.cli.command import LOCAL
from synq_cli.cli.tree import Node
from synq_cli.cli.tree.lines import Given, Line, parse_line
from synq_cli.errors import RefusedError, UsageError

LONGEST_LINE = 8_000
_API, _READS = "api", {"GET", "HEAD"}
# What a file that an agent names may be. Others in the folder may hold secrets.
_ROW_FILES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".xlsx")
# Commands that send all fields of any file, which the agent would then read in the proposal.
_INPUT_ONLY = {"api", "products jobs create"}
# The option of `products export`, which writes a file.
_WRITTEN = "to"
_GROUP = re.compile("`synq ?(.*)` is a group of commands.")
# Commands that send nothing, write nothing and show no secret.
_LOCAL = {"auth status", "cache show", "help", "limits", "plan list", "runs list", "runs show", "schema"}
# Commands that only read from the API, but need a person or never end: what to use instead.
_FOR_PEOPLE = {
    "audit tail": "Use `audit list --since 1h`.",
    "auth login": "Ask a person to log in.",
    "doctor": "Ask a person to run it.",
    "export": "Ask a person to run it: it writes files.",
    "inventory scan": "It is for a person with a barcode scanner.",
    "inventory watch": "Use `inventory levels --low`.",
    "orders watch": "Use `orders list --since 1h`.",
    "plan diff": "Ask a person to run it.",
    "plan from": "Ask a person to run it: it reads files.",
    "products jobs watch": "Use `products jobs get ID`.",
}
# Options of all commands that an agent may give. The server sets the others: who, where, format and limits.
_GLOBAL = {"fields", "help", "jq", "json", "no_color", "quiet", "read_only"}
_OF_SERVER = {"base_url", "debug", "max_wait", "output", "profile", "sandbox", "timeout"}
# Options that a person has to give, with the reason.
_OPTIONS = {
    "again": "it skips the check for rows that were posted before",
    "confirm": "a person approves the proposal instead",
    "confirm_missing": "a person approves the proposal instead",
    "dry_run": "a proposal shows the same",
    "exec": "it runs a program",
    "force": "it skips a check",
    "idempotency_key": "synq chooses the keys of orders",
    "plan": "the server stores the proposal",
    "report": "it writes a file",
    "resend": "it sends rows again that may have been applied",
    "resume": "it is for a person who watches",
    "secret_stdin": "it reads a secret",
    "watch": "it never ends by itself",
    "yes": "a person approves the proposal instead",
}


def read_line(root: Any, text: str) -> Line:
    """Parse what an agent typed after `synq`; UsageError if it can't be parsed."""
    if len(text) > LONGEST_LINE:
        raise UsageError(f"The command line has {len(text):,} characters.", hint=f"Use at most {LONGEST_LINE:,}.")
    if bad := next((char for char in text if not (char.isprintable() or char in "\n\t")), None):
        raise UsageError(f"Invalid character {bad!a} in the command line.", hint="Leave it out.")
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"Invalid command line: {str(error).lower()}.", hint="Close the quotes.") from None
    try:
        return parse_line(root, words[1:] if words[:1] == ["synq"] else words)
    except UsageError as error:
        if group := _GROUP.fullmatch(error.message):
            # Its hint lists commands that agents can't run, too.
            error.hint = call_find(group[1])
        raise


def call_find(command: str) -> str:
    """The advice to look a command or group up; one without a name, to search."""
    words = f'"{command}"' if command else 'a few words, such as "low stock"'
    return f"Call find_command with {words}."


def tool_of(node: Node) -> str | None:
    """The tool that runs a command; None if only a person can run it."""
    name = " ".join(node.words)
    if name == _API:
        return "run_read or propose_write"
    if node.spec.writes:
        return "propose_write" if node.spec.makes_plans else None
    is_safe = name in _LOCAL if node.spec.effect == LOCAL else name not in _FOR_PEOPLE
    return "run_read" if is_safe else None


def accepts(parameter: Any, tool: str) -> bool:
    """Whether a tool takes this option or argument of a command."""
    if parameter.param_type_name == "option" and parameter.name in _OPTIONS:
        return False
    return tool != "run_read" or not _names_file(parameter)


def is_for_people(option: str) -> bool:
    """Whether only a person can give an option, such as --yes or, of all commands, --profile."""
    name = option.lstrip("-").replace("-", "_")
    return name in _OPTIONS or name in _OF_SERVER


def check_read(line: Line) -> None:
    """RefusedError if an agent may not run this to read: it writes, uses local files, or needs a person."""
    name = " ".join(line.node.words)
    if name == _API:
        _check_method(line)
    elif line.node.spec.writes:
        ways = "Use propose_write, then ask a person to approve it." if line.node.spec.makes_plans else "Ask a person."
        raise RefusedError(f"`{line.node.path}` changes data.", hint=ways)
    elif tool_of(line.node) is None:
        raise _unavailable(line)
    _check_options(line, _refuse_file)


def check_write(line: Line, folder: Path | None, *, has_input: bool) -> None:
    """RefusedError or UsageError if an agent may not propose this.

    It may name files below `folder`, none if that is None, and - if it `has_input`.
    """
    _check_proposable(line)
    name = " ".join(line.node.words)

    def check_file(given: Given, path: str) -> None:
        if given.parameter.name == _WRITTEN:
            raise RefusedError(f"{given.title} writes a file.", hint="Ask a person to run it.")
        if path == "-":
            if not has_input:
                raise UsageError(f"{given.title} - reads `input`, which is missing.", hint="Give the rows as `input`.")
        elif name in _INPUT_ONLY:
            raise RefusedError(f"{given.title} can't name a file.", hint=f"Use {given.title} - and `input`.")
        else:
            _check_named(given.title, path, folder)

    _check_options(line, check_file)
    if part := line.find("jq") or line.find("fields"):
        raise RefusedError(f"A proposal is kept as a whole, without {part.title}.", hint="Leave it out.")
    if has_input and not any("-" in given.values for given in line.given if _is_file(given)):
        raise UsageError("`input` is given, but the command line does not read it.", hint="Read it with --file -.")


def _check_proposable(line: Line) -> None:
    if line.find("help"):
        raise UsageError(
            "--help shows a help page, which can't be proposed.", hint=call_find(" ".join(line.node.words))
        )
    if not line.node.spec.writes:
        if tool_of(line.node) is None:
            raise _unavailable(line)
        raise RefusedError(f"`{line.node.path}` changes nothing at the API.", hint="Use run_read.")
    if not line.node.spec.makes_plans:
        raise RefusedError(f"`{line.node.path}` can't be proposed.", hint="Ask a person to run it.")
    if " ".join(line.node.words) == _API and (method := _method_of(line)) in _READS:
        raise RefusedError(f"`{line.node.path} {method}` changes nothing at the API.", hint="Use run_read.")


def _check_named(title: str, path: str, folder: Path | None) -> None:
    """RefusedError unless a path names a file of rows below a folder."""
    instead = f"Use {title} - and `input`."
    if folder is None:
        raise RefusedError(
            f"{title} can't name a file: the server was not started in a folder of its own.", hint=instead
        )
    if not _is_below(path, folder):
        raise RefusedError(f'{title} "{path}" is not a file in {folder}.', hint=instead)
    if not _is_row_file(path, folder):
        raise RefusedError(
            f'{title} "{path}" is not a file of rows, such as rows.csv, or it is hidden.',
            hint=f"Name one that ends in {', '.join(_ROW_FILES)}. Or use {title} - and `input`.",
        )


def _check_options(line: Line, check_file: Callable[[Given, str], None]) -> None:
    for given in line.given:
        name = given.parameter.name
        if given.is_global and name not in _GLOBAL and name not in _OPTIONS:
            raise RefusedError(f"{given.title} is set by the server.", hint="Leave it out.")
        if given.parameter.param_type_name == "option" and name in _OPTIONS:
            raise RefusedError(f"{given.title} is not available to agents: {_OPTIONS[name]}.", hint="Leave it out.")
        if _is_file(given):
            for path in given.values:
                check_file(given, path)
        if name == "field" and any(value.partition("=")[2].startswith("@") for value in given.values):
            raise RefusedError("-F KEY=@FILE reads a local file.", hint="Give the value itself.")


def names_file(line: Line) -> bool:
    """Whether a line reads a file other than standard input."""
    return any(path != "-" for given in line.given if _is_file(given) for path in given.values)


def _method_of(line: Line) -> str:
    words = line.find("words")
    return words.values[0].upper() if words and len(words.values) > 1 else "GET"


def _check_method(line: Line) -> None:
    if (method := _method_of(line)) not in _READS:
        raise RefusedError(f"`{line.node.path} {method}` can change data.", hint="run_read sends GET and HEAD only.")


def _unavailable(line: Line) -> RefusedError:
    hint = _FOR_PEOPLE.get(" ".join(line.node.words), "Ask a person to run it.")
    return RefusedError(f"`{line.node.path}` is not available to agents.", hint=hint)


def _is_file(given: Given) -> bool:
    return _names_file(given.parameter)


def _names_file(parameter: Any) -> bool:
    return getattr(parameter.metavar, "kind", None) == "file"


def _refuse_file(given: Given, _path: str) -> None:
    raise RefusedError(f"{given.title} uses a local file, which run_read does not.", hint="Leave it out.")


def _is_below(path: str, folder: Path) -> bool:
    """Whether a path leads to a regular file below a folder; symbolic links are followed."""
    try:
        found = (folder / path).resolve(strict=True)
        return found.is_file() and found.is_relative_to(folder.resolve(strict=True))
    except (OSError, ValueError, RuntimeError):  # it is missing, its name is invalid, or its links form a loop
        return False


def _is_row_file(path: str, folder: Path) -> bool:
    """Whether a file below the folder is one of rows by its name, and neither hidden nor in a hidden folder."""
    root = folder.resolve()
    # As it is named, and where that leads if it is a link.
    named, found = Path(path), (root / path).resolve()
    is_hidden = any(part.startswith(".") for part in (named.name, *found.relative_to(root).parts))
    # What follows a # would name a sheet of another file.
    return not is_hidden and "#" not in path and {named.suffix.lower(), found.suffix.lower()} <= set(_ROW_FILES)
