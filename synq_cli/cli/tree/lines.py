"""A command line, parsed but not run, and the errors of the parser in synq's own words."""

import re
from typing import Any, NamedTuple

import typer

from synq_cli.cli.command import marked, unmarked
from synq_cli.cli.tree import Node, is_global, root_node
from synq_cli.errors import SynqError, UsageError
from synq_cli.nearest import did_you_mean


class Given(NamedTuple):
    """A parameter that a command line gives, with its value as text, or texts; True for a switch."""

    parameter: Any
    value: Any

    @property
    def title(self) -> str:
        """Its name in messages, such as --file or an argument's metavar."""
        if self.parameter.param_type_name == "option":
            return str(max(self.parameter.opts, key=len))
        return str(self.parameter.metavar)

    @property
    def is_global(self) -> bool:
        """Whether it is one of the options that every command takes."""
        return is_global(self.parameter)

    @property
    def values(self) -> list[str]:
        """Its values as a list, none for a switch."""
        found = self.value if isinstance(self.value, list | tuple) else [self.value]
        return [value for value in found if isinstance(value, str)]


class Line(NamedTuple):
    """The command of a line, and what the line gives at any of its levels.

    `start` is the number of words up to and with the command's name.
    """

    words: list[str]
    node: Node
    given: list[Given]
    start: int

    def with_option(self, word: str) -> list[str]:
        """The words with an option of the command, before everything that the line gives it, such as --."""
        return [*self.words[: self.start], word, *self.words[self.start :]]

    def find(self, name: str) -> Given | None:
        """The last one of this name, which applies; None if it is not given."""
        return next((each for each in reversed(self.given) if each.parameter.name == name), None)


def parse_line(root: Any, words: list[str]) -> Line:
    """Parse the words after `synq` as a run would; UsageError if they name no command or it lacks an option.

    No callback runs, no value is checked, and nothing is printed, also for --help.
    """
    node, rest, given, start = root_node(root), list(words), [], 0
    while True:
        try:
            values, rest, order = node.command.make_parser(node.context).parse_args(args=marked(rest))
        except typer.TyperException as error:
            raise usage_error(error) from None
        found = [(parameter, values.get(parameter.name)) for parameter in dict.fromkeys(order)]
        given += [Given(each, unmarked(value)) for each, value in found if value not in (None, (), [])]
        if not node.is_group:
            if rest:
                raise UsageError(f'Unexpected argument "{unmarked(rest[0])}".', hint=f"See `{node.path} --help`.")
            return Line(list(words), node, given, start)
        if not rest:
            names = ", ".join(node.command.list_commands(node.context))
            raise UsageError(f"`{node.path}` is a group of commands.", hint=f"Name one of its commands: {names}.")
        node.command.resolve_command(node.context, rest[:1])  # UsageError, with the nearest name, if there is none
        node, rest = node.child(rest[0]), rest[1:]
        start = len(words) - len(rest)


def usage_error(error: Any) -> SynqError:
    """The parser's error in synq's own words, with the help page of the command as the hint."""
    sentence, hint = error.format_message().rstrip("."), ""
    if parameter := getattr(error, "param", None):
        sentence, hint = _invalid_value(parameter, error.message)
    elif hasattr(error, "possibilities"):
        # The parser itself accepts less similar names.
        hint = did_you_mean(error.option_name, error.possibilities or [], strict=True)
        sentence = f'Unknown option "{error.option_name}"'
    elif extra := re.fullmatch(r"Got unexpected extra argument\(s\) \((.*)\)", sentence, re.DOTALL):
        sentence = f'Unexpected argument "{extra[1]}"'
    path = error.ctx.command_path if error.ctx else "synq"
    return UsageError(f"{sentence}.", hint=f"{hint}See `{path} --help`.")


def _invalid_value(parameter: Any, message: str) -> tuple[str, str]:
    """The sentence for an invalid or missing value, and a hint with the nearest choice."""
    is_option = parameter.param_type_name == "option"
    name = parameter.opts[-1] if is_option else re.sub(r"^\[(\w+)\]$", r"\1", parameter.metavar).rstrip(".")
    allowed = _allowed(parameter.type)
    # Typer says: 'x' is not one of 'a', 'b'. Or: 0 is not in the range x>=1.
    found = re.match(r"'(.*?)' is not |(\S+) is not in ", message, re.DOTALL)
    if found is None:
        return f"Missing {'option' if is_option else 'argument'} {name}{allowed}", ""
    value = (found[1] or found[2] or "").strip()
    hint = did_you_mean(value, getattr(parameter.type, "choices", ()))
    return f'Invalid value "{value}" for {name}{allowed}', hint


def _allowed(kind: Any) -> str:
    """What to use as a value of this type, as the end of a sentence; empty if any text is allowed."""
    if words := getattr(kind, "choices", ()):
        return f": use {', '.join(words[:-1])} or {words[-1]}"
    if not kind.name.startswith(("int", "float")):
        return ""
    least, most = getattr(kind, "min", None), getattr(kind, "max", None)
    limits = f", {least} or more" if most is None else f" from {least} to {most}"
    return f": use a {'whole ' if 'int' in kind.name else ''}number{limits if least is not None else ''}"
