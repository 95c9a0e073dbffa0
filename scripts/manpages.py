"""The manual pages, synq(1) and one for each group, written from the command tree."""

import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

# A page needs a date; the version beside it says which synq it is about.
DATE = "2026-11-24"
_ESCAPES = {"\\": r"\(rs", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "~": r"\(ti", "^": r"\(ha", '"': r"\(dq"}
# What the settings do not name.
# On Linux; `synq config path` and `synq sandbox info` name them elsewhere.
_FILES = {
    "~/.config/synq/config.yaml": "The profiles.",
    "~/.config/synq/credentials.json": "Tokens, only where a login asked for it with --insecure-storage.",
    "~/.local/state/synq/": "The count of the rate limit, what is known of tenants, and the sandbox.",
    "~/.local/state/synq/runs/": "The journals of bulk runs, a file each.",
    ".synq.yaml": "The profile of a folder and of all below it.",
}


def escaped(text: str) -> str:
    """Text as roff has it, letter for letter."""
    plain = "".join(_ESCAPES.get(letter, letter) for letter in text)
    return "".join(letter if letter.isascii() else f"\\[u{ord(letter):04X}]" for letter in plain)


def prose(text: str) -> Iterator[str]:
    """A paragraph in lines of the source, what stands in backticks in bold."""
    marked = "".join(
        f"\\fB{escaped(part)}\\fR" if number % 2 else escaped(part) for number, part in enumerate(text.split("`"))
    )
    lines = textwrap.wrap(marked, 78, break_long_words=False, break_on_hyphens=False)
    yield from (f"\\&{line}" if line[:1] in {".", "'"} else line for line in lines)


def paragraphs(text: str) -> Iterator[str]:
    """Paragraphs with blank lines between."""
    for number, paragraph in enumerate(filter(None, text.split("\n\n"))):
        yield from (".PP",) if number else ()
        yield from prose(paragraph)


def example(lines: Iterable[str]) -> Iterator[str]:
    """Lines that stay as they are."""
    yield from (".nf", ".RS 4")
    yield from (f"\\fB{escaped(line)}\\fR" for line in lines)
    yield from (".RE", ".fi")


def entries(rows: Iterable[tuple[str, str]], *, names: bool = False) -> Iterator[str]:
    """Terms and what each means; in those that are not all names, what stands in capitals is a value."""
    for term, meaning in rows:
        shown = f"\\fB{escaped(term)}\\fR" if names else " ".join(map(_typed, term.split()))
        yield from (".TP", shown, *prose(meaning))


def _typed(word: str) -> str:
    """A word of a term: in capitals it is a value, all else is typed as it stands."""
    name, comma = word.removesuffix(","), "," if word.endswith(",") else ""
    value = re.fullmatch(r"\[?[A-Z][A-Z0-9,.|=@]*\]?(\.\.\.)?", name)
    return f"\\f{'I' if value else 'B'}{escaped(name)}\\fR{comma}"


def page(name: str, summary: str, *sections: tuple[str, Iterable[str]]) -> str:
    """A page: what it is about in a line, then its sections."""
    from synq_cli import __version__

    head = f'.TH "{escaped(name.upper())}" "1" "{DATE}" "synq {__version__}" "synq manual"'
    lines = ['.\\" Written by `make generate` from the command tree.', head]
    # No hyphenation, no stretched lines: words are copied from here.
    lines += [".nh", ".ad l", ".SH NAME", f"{escaped(name)} \\- {escaped(_first_lower(summary.rstrip('.')))}"]
    for title, content in sections:
        lines += [f".SH {title}", *content]
    return "\n".join(lines) + "\n"


def _first_lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def pages() -> Iterator[tuple[str, str]]:
    """Each page's file name and text."""
    from synq_cli.app import GROUPS, root_command
    from synq_cli.cli.tree import root_node

    root = root_node(root_command())
    yield "synq.1", _root_page(root)
    for name in GROUPS:
        yield f"synq-{name}.1", _group_page(root.child(name), GROUPS[name][1])


def _root_page(root: Any) -> str:
    from synq_cli.app import GROUPS
    from synq_cli.cli.options import GLOBAL_OPTIONS
    from synq_cli.help_topics.pages import environment, exits

    summary, _, about = root.command.help.strip().partition("\n\n")
    panels: dict[str, list[tuple[str, str]]] = {}
    for name, (_, line, panel) in GROUPS.items():
        panels.setdefault(panel, []).append((name, line))
    commands = [line for panel, rows in panels.items() for line in (f".SS {panel}", *entries(rows))]
    variables = [(name, f"{_first_upper(meaning)}.") for name, meaning in environment()]
    endings = [(status, f"{meaning}.") for status, meaning in exits()]
    return page(
        "synq",
        summary,
        ("SYNOPSIS", [r"\fBsynq\fR \fIGROUP\fR [\fISUBGROUP\fR] \fIVERB\fR [\fIARGUMENT\fR]... [\fIOPTION\fR]..."]),
        ("DESCRIPTION", [
            *paragraphs(" ".join(about.split())),
            ".PP",
            *prose("Data goes to standard output, all talk to standard error. `synq GROUP VERB --help` tells what to "
                   "know about a command, with examples; synq-GROUP(1) holds all of a group."),
        ]),
        ("COMMANDS", commands),
        ("OPTIONS", [
            *prose(f"{GLOBAL_OPTIONS}, before or after the verb:"),
            *entries(_records(root)),
        ]),
        ("ENVIRONMENT", [
            *prose("An option goes before its variable, a variable before the profile."),
            *entries(variables, names=True),
        ]),
        ("FILES", [
            *prose("Files are for their owner alone. `synq config path` and `synq sandbox info` name them on "
                   "platforms other than Linux. Tokens are in the operating system's keyring."),
            *entries(_FILES.items()),
        ]),
        ("EXIT STATUS", [*prose("With a machine format an error is one JSON object on standard error; its "
                                "`code` is the word before the colon."), *entries(endings)]),
        ("EXAMPLES", example([
            "synq --sandbox orders list --status open",
            "synq --sandbox inventory adjust HMC-NVY-M -5 --dry-run",
            "synq --sandbox orders list --all --json",
        ])),
        ("SEE ALSO", prose(", ".join(f"synq-{name}(1)" for name in sorted(GROUPS)))),
    )  # fmt: skip


def _group_page(group: Any, line: str) -> str:
    from synq_cli.cli.tree import walk

    commands = [node for node in walk(group) if not node.is_group]
    own = [part for node in commands for part in _command(node)]
    if not group.is_group:
        (node,) = commands
        return page(
            f"synq-{group.words[0]}",
            line,
            ("SYNOPSIS", [_usage(node)]),
            ("DESCRIPTION", _told(node)),
            *_lasting(),
        )
    synopsis = [text for node in commands for text in (_usage(node), ".br")][:-1]
    return page(f"synq-{group.words[0]}", line, ("SYNOPSIS", synopsis), ("COMMANDS", own), *_lasting())


def _lasting() -> Iterator[tuple[str, Iterable[str]]]:
    """What every group's page ends with."""
    yield (
        "OPTIONS",
        prose("Every command also takes the options in synq(1), such as `--json` or `--profile`."),
    )
    yield "SEE ALSO", prose("synq(1), which has the environment, the files and the exit statuses.")


def _command(node: Any) -> Iterator[str]:
    yield from (f".SS {escaped(node.path)}", *_told(node))


def _told(node: Any) -> Iterator[str]:
    """What to know about a command: its help, what it takes, its examples."""
    from synq_cli.cli.tree import describe

    told = describe(node)
    yield from paragraphs("\n\n".join(filter(None, [told["summary"], told["help"], *node.command.remarks()])))
    yield from entries(_records(node))
    if told["examples"]:
        yield from (".PP", "Examples:", ".PP", *example(told["examples"]))


def _usage(node: Any) -> str:
    pieces = " ".join(node.command.collect_usage_pieces(node.context)).split()
    return " ".join([f"\\fB{escaped(node.path)}\\fR", *(f"\\fI{escaped(piece)}\\fR" for piece in pieces)])


def _records(node: Any) -> Iterator[tuple[str, str]]:
    """Names and meaning of the arguments and options of a command; what every command takes stands at the root."""
    from synq_cli.cli.command import help_record
    from synq_cli.cli.tree import is_global

    for parameter in node.command.get_params(node.context):
        record = help_record(parameter, node.context)
        if record is not None and not (node.words and is_global(parameter)):
            yield record


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
