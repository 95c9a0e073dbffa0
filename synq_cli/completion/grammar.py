"""The tables of the completion scripts, from the command tree."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from synq_cli.cli import tree
from synq_cli.cli.metavars import fixed_choices

Rows = list[tuple[str, list[tuple[str, str]]]]
_LONGEST = 60


@dataclass(frozen=True)
class Grammar:
    """The tables, by the path of a group or command; "" is synq itself.

    `below` has the subcommands of each group, `options` the options of each command, `shared` the global options, each
    with its help. `values` says how values complete: glob patterns of "PATH --option" and of "PATH #1", the first
    argument, with their completion.
    """

    below: Rows
    options: Rows
    shared: list[tuple[str, str]]
    values: list[tuple[list[str], str]]


def grammar(root: Any) -> Grammar:
    """The tables of this command tree."""
    nodes = list(tree.walk(tree.root_node(root)))
    shared = [parameter for parameter in _options(nodes[0]) if tree.is_global(parameter)]
    own = {
        " ".join(node.words): [parameter for parameter in _options(node) if not tree.is_global(parameter)]
        for node in nodes
        if not node.is_group
    }
    return Grammar(
        [(" ".join(node.words), [_summary(child) for child in node.children()]) for node in nodes if node.is_group],
        [(path, _named(parameters)) for path, parameters in own.items() if parameters],
        _named(shared),
        _merged([*_option_values({**own, "": shared}), *_argument_values(nodes)]),
    )


def _options(node: tree.Node) -> list[Any]:
    parameters = node.command.get_params(node.context)
    return [each for each in parameters if each.param_type_name == "option" and not each.hidden]


def _summary(node: tree.Node) -> tuple[str, str]:
    return node.words[-1], _short((node.command.help or "").splitlines()[0])


def _named(parameters: Iterable[Any]) -> list[tuple[str, str]]:
    return [(name, _short(each.help or "")) for each in parameters for name in sorted(each.opts, key=len)]


def _short(text: str) -> str:
    """The first sentence of a help text, without its full stop, cut to 60 characters."""
    sentence = text.partition(" [")[0].partition(". ")[0].removesuffix(".")
    if len(sentence) <= _LONGEST:
        return sentence
    return sentence[: _LONGEST - 3].rpartition(" ")[0].rstrip(",;:") + "..."


def _option_values(own: dict[str, list[Any]]) -> list[tuple[str, str]]:
    """The pattern of each option that takes a value, with its completion."""
    found: dict[str, dict[str, str]] = {}
    for path, parameters in own.items():
        for parameter in parameters:
            for name in () if parameter.is_flag else parameter.opts:
                found.setdefault(name, {})[path] = _completing(parameter)
    flags = {name for each in own.values() for parameter in each if parameter.is_flag for name in parameter.opts}
    rows = []
    for name, values in found.items():
        alike = len(set(values.values())) == 1 and name not in flags
        rows += [(f"* {name}" if alike else f"{path} {name}", value) for path, value in values.items()]
    return list(dict.fromkeys(rows))


def _argument_values(nodes: Iterable[tree.Node]) -> list[tuple[str, str]]:
    """The pattern of each argument that can be completed, with its completion."""
    rows = []
    for node in nodes:
        parameters = node.command.get_params(node.context)
        arguments = [each for each in parameters if each.param_type_name == "argument"]
        for number, argument in enumerate(arguments, 1):
            if _completing(argument) == "command" and argument.metavar.words:
                # The first word may be one of these, too.
                names = node.context.find_root().command.list_commands(node.context)
                rows.append((f"{' '.join(node.words)} #{number}", " ".join(["words", *argument.metavar.words, *names])))
            if value := _completing(argument):
                rows.append((f"{' '.join(node.words)} #{'*' if argument.nargs == -1 else number}", value))
    return rows


def _completing(parameter: Any) -> str:
    """The completion of a value: `words A B`, `list A B`, `file`, `command`, `ask KIND` for the cache, or empty."""
    if fixed := fixed_choices(parameter):
        return " ".join(["words", *fixed])
    kind = getattr(parameter.metavar, "kind", "")
    if kind in {"words", "list"}:
        return " ".join([kind, *parameter.metavar.words])
    return kind if kind in {"", "file", "command"} else f"ask {kind}"


def _merged(pairs: Iterable[tuple[str, str]]) -> list[tuple[list[str], str]]:
    """The patterns of each completion. A shell takes the first match, so the most general patterns come last."""
    found: dict[str, list[str]] = {}
    for pattern, value in pairs:
        found.setdefault(value, []).append(pattern)
    rows = [(patterns, value) for value, patterns in found.items()]
    return sorted(rows, key=lambda row: any("#*" in pattern for pattern in row[0]))
