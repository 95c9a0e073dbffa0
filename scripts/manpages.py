"""Writes the manual pages, synq(1) and one per group, from the command tree.

click-man would write one page per command, without environment, files and exit statuses, and has no support for Typer;
help2man reads a single help page.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

DATE = "2026-11-24"
_ESCAPES = {"\\": r"\(rs", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "~": r"\(ti", "^": r"\(ha", '"': r"\(dq"}
_FILES = {
    "~/.config/synq/config.yaml": "The profiles.",
    "~/.config/synq/credentials.json": "Tokens of logins with --insecure-storage.",
    "~/.local/state/synq/": "The rate limit, cached ids and the sandbox.",
    "~/.local/state/synq/runs/": "The journals of bulk runs, one file each.",
    ".synq.yaml": "Selects the profile for a folder and everything below it.",
}


def escaped(text: str) -> str:
    """Text in roff, character by character."""
    plain = "".join(_ESCAPES.get(char, char) for char in text)
    return "".join(char if char.isascii() else f"\\[u{ord(char):04X}]" for char in plain)


def prose(text: str) -> Iterator[str]:
    """The lines of a paragraph; text in backticks is bold."""
    marked = "".join(
        f"\\fB{escaped(part)}\\fR" if number % 2 else escaped(part) for number, part in enumerate(text.split("`"))
    )
    lines = textwrap.wrap(marked, 78, break_long_words=False, break_on_hyphens=False)
    yield from (f"\\&{line}" if line[:1] in {".", "'"} else line for line in lines)


def paragraphs(text: str) -> Iterator[str]:
    """Paragraphs that blank lines separate."""
    for number, paragraph in enumerate(filter(None, text.split("\n\n"))):
        yield from (".PP",) if number else ()
        yield from prose(paragraph)


def example(lines: Iterable[str]) -> Iterator[str]:
    """Commands, one per line, not wrapped."""
    yield from (".nf", ".RS 4", *(f"\\fB{escaped(line)}\\fR" for line in lines), ".RE", ".fi")


def entries(rows: Iterable[tuple[str, str]], *, names: bool = False) -> Iterator[str]:
    """Terms with their meaning. Words in capitals are values, and in italics, unless all terms are `names`."""
    for term, meaning in rows:
        shown = f"\\fB{escaped(term)}\\fR" if names else " ".join(map(_term_word, term.split()))
        yield from (".TP", shown, *prose(meaning))


def _term_word(word: str) -> str:
    name, comma = word.removesuffix(","), "," if word.endswith(",") else ""
    value = re.fullmatch(r"\[?[A-Z][A-Z0-9,.|=@]*\]?(\.\.\.)?", name)
    return f"\\f{'I' if value else 'B'}{escaped(name)}\\fR{comma}"


def page(name: str, summary: str, *sections: tuple[str, Iterable[str]]) -> str:
    """A page with its header and sections."""
    from synq_cli import __version__

    summary = summary[:1].lower() + summary[1:].rstrip(".")
    lines = [
        '.\\" Written by `make generate` from the command tree.',
        f'.TH "{escaped(name.upper())}" "1" "{DATE}" "synq {__version__}" "synq manual"',
        # No hyphenation and no justified lines, because people copy words from here.
        *(".nh", ".ad l", ".SH NAME", f"{escaped(name)} \\- {escaped(summary)}"),
    ]
    for title, content in sections:
        lines += [f".SH {title}", *content]
    return "\n".join(lines) + "\n"


def pages() -> Iterator[tuple[str, str]]:
    """The file name and text of each page."""
    from synq_cli.app import GROUPS, root_command
    from synq_cli.cli.tree import root_node

    root = root_node(root_command())
    yield "synq.1", _root_page(root)
    for name in GROUPS:
        yield f"synq-{name}.1", _group_page(root.child(name), GROUPS[name][1])


def _root_page(root: Any) -> str:
    from synq_cli.app import GROUPS
    from synq_cli.cli.options import GLOBAL_OPTIONS
    from synq_cli.help_topics.pages import EXIT_STATUSES, VARIABLES

    summary, _, about = root.command.help.strip().partition("\n\n")
    panels: dict[str, list[tuple[str, str]]] = {}
    for name, (_, line, panel) in GROUPS.items():
        panels.setdefault(panel, []).append((name, line))
    commands = [line for panel, rows in panels.items() for line in (f".SS {panel}", *entries(rows))]
    variables = [(name, f"{meaning[:1].upper()}{meaning[1:]}.") for name, meaning in VARIABLES]
    endings = [(status, f"{meaning}.") for status, meaning in EXIT_STATUSES]
    return page(
        "synq",
        summary,
        ("SYNOPSIS", [r"\fBsynq\fR \fIGROUP\fR [\fISUBGROUP\fR] \fICOMMAND\fR [\fIARGUMENT\fR]... [\fIOPTION\fR]..."]),
        ("DESCRIPTION", [
            *paragraphs(" ".join(about.split())),
            ".PP",
            *prose("Data goes to standard output, messages to standard error. `synq GROUP COMMAND --help` explains a "
                   "command, with examples; synq-GROUP(1) explains all commands of a group."),
        ]),
        ("COMMANDS", commands),
        ("OPTIONS", [
            *prose(f"{GLOBAL_OPTIONS}, before or after the command:"),
            *entries(_records(root)),
        ]),
        ("ENVIRONMENT", [
            *prose("An option overrides its variable, and a variable overrides the profile."),
            *entries(variables, names=True),
        ]),
        ("FILES", [
            *prose("Files are readable by their owner only. On platforms other than Linux, `synq config path` and "
                   "`synq sandbox info` print where they are. Tokens are in the operating system's keyring."),
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
    synopsis = [text for node in commands for text in (_usage(node), ".br")][:-1]
    if group.is_group:
        body = ("COMMANDS", [part for node in commands for part in (f".SS {escaped(node.path)}", *_explained(node))])
    else:
        body = ("DESCRIPTION", [*_explained(group)])
    return page(
        f"synq-{group.words[0]}",
        line,
        ("SYNOPSIS", synopsis),
        body,
        ("OPTIONS", prose("Every command also takes the options in synq(1), such as `--json` or `--profile`.")),
        ("SEE ALSO", prose("synq(1) for the environment, the files and the exit statuses.")),
    )


def _explained(node: Any) -> Iterator[str]:
    """A command's help, arguments, options and examples."""
    from synq_cli.cli.tree import describe

    facts = describe(node)
    yield from paragraphs("\n\n".join(filter(None, [facts["summary"], facts["help"], *node.command.remarks()])))
    yield from entries(_records(node))
    if facts["examples"]:
        yield from (".PP", "Examples:", ".PP", *example(facts["examples"]))


def _usage(node: Any) -> str:
    pieces = " ".join(node.command.collect_usage_pieces(node.context)).split()
    return " ".join([f"\\fB{escaped(node.path)}\\fR", *(f"\\fI{escaped(piece)}\\fR" for piece in pieces)])


def _records(node: Any) -> Iterator[tuple[str, str]]:
    """The arguments and options of a command, without those that every command takes, which are at the root."""
    from synq_cli.cli.command import help_record
    from synq_cli.cli.tree import is_global

    for parameter in node.command.get_params(node.context):
        record = help_record(parameter, node.context)
        if record is not None and not (node.words and is_global(parameter)):
            yield record
