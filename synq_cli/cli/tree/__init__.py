"""The command tree as data: every group and command, its parameters, operations and exit statuses."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from synq_cli import __version__
from synq_cli.cli.command import CommandSpec
from synq_cli.cli.metavars import fixed_choices
from synq_cli.cli.options import GLOBAL_OPTIONS
from synq_cli.errors import UsageError

EXITS = {
    0: "done",
    1: "internal: a bug in synq",
    2: "usage: an invalid option, argument or local file",
    3: "rejected: the API refused the request, or a signature does not match",
    4: "auth: no token, an expired one, 401 or 403",
    5: "not_found: 404, an unknown SKU or location",
    6: "rate_limited: the wait would exceed --max-wait",
    7: "network: the API could not be reached",
    8: "conflict: 409, 412, or the value has changed in the meantime",
    9: "partial: some rows failed",
    10: "unknown: a write was sent but no response arrived; it may have been applied",
    11: "refused: read-only, a policy, not confirmed, or the token of another tenant",
    12: "server: 5xx after all retries, or an invalid response",
    75: "running: the wait ended, the work continues",
    130: "interrupted",
}
_TYPES = {
    "str": "string",
    "choice": "string",
    "int": "integer",
    "int range": "integer",
    "float": "number",
    "float range": "number",
}
_VARIABLES = re.compile(r"\s*\[env: ([A-Z_]+(?:, [A-Z_]+)*)\]$")


@dataclass(frozen=True)
class Node:
    """A group or a command; `words` are its path, without `synq`."""

    words: tuple[str, ...]
    command: Any
    context: Any

    @property
    def is_group(self) -> bool:
        """Whether it has subcommands."""
        return hasattr(self.command, "list_commands")

    @property
    def path(self) -> str:
        """Its full name, such as `synq orders list`."""
        return " ".join(("synq", *self.words))

    @property
    def spec(self) -> CommandSpec:
        """What a command does; empty for a group."""
        found = getattr(self.command, "spec", None)
        return found if isinstance(found, CommandSpec) else CommandSpec()

    def children(self) -> "Iterator[Node]":
        """Its groups and commands."""
        return map(self.child, self.command.list_commands(self.context) if self.is_group else ())

    def child(self, name: str) -> "Node":
        """Its group or command of this name."""
        command = self.command.get_command(self.context, name)
        return Node((*self.words, name), command, _context(command, name, parent=self.context))


def root_node(root: Any, **settings: Any) -> Node:
    """The root as a node; context settings, such as a terminal_width, apply to the whole tree."""
    return Node((), root, _context(root, "synq", **settings))


def walk(node: Node) -> Iterator[Node]:
    """The node and its descendants, depth first."""
    yield node
    for child in node.children():
        yield from walk(child)


def commands(root: Any) -> Iterator[Node]:
    """Every command, without the groups."""
    return (node for node in walk(root_node(root)) if not node.is_group)


def find(root: Any, words: Iterable[str], **settings: Any) -> Node:
    """The group or command with this path, for settings see root_node; UsageError with the nearest name if unknown."""
    node = root_node(root, **settings)
    for word in words:
        if not node.is_group:
            raise UsageError(f'`{node.path}` has no subcommand "{word}".')
        node.command.resolve_command(node.context, [word])  # UsageError if there is none
        node = node.child(word)
    return node


def command_for(root: Any, operation: str) -> str | None:
    """The command that is for the operation of this id."""
    return next(
        (node.path for node in commands(root) if operation in [each.id for each in node.spec.operations[:1]]), None
    )


def commands_for(root: Any, operation: str) -> list[str]:
    """Every command, by its words, that is for the operation of this id; not those that go on with a run."""
    found = [node for node in commands(root) if operation in [each.id for each in node.spec.operations[:1]]]
    return [" ".join(node.words) for node in found if node.words[0] != "runs"]


def describe(node: Node) -> dict[str, Any]:
    """A group or command as a JSON object; the root also has the global options."""
    text, _, examples = (node.command.help or "").partition("\nExamples:\n")
    summary, _, prose = text.strip().partition("\n")
    described: dict[str, Any] = {
        "name": node.context.info_name,
        "path": node.path,
        "summary": summary,
        "help": "\n\n".join(" ".join(paragraph.split()) for paragraph in prose.strip().split("\n\n")),
    }
    if not node.words:
        shared = [parameter for parameter in node.command.get_params(node.context) if is_global(parameter)]
        described |= {"version": __version__, "shared_options": _parameters(shared)}
    if node.is_group:
        return described | {"commands": [describe(child) for child in node.children()]}
    return described | _form(node) | {"examples": [line.strip() for line in examples.splitlines() if line.strip()]}


def _form(node: Node) -> dict[str, Any]:
    """A command's parameters, what it sends and its exit statuses."""
    own = [parameter for parameter in node.command.get_params(node.context) if not is_global(parameter)]
    spec = node.spec
    least, most = spec.requests
    return {
        "arguments": _parameters([each for each in own if each.param_type_name == "argument"]),
        "options": _parameters([each for each in own if each.param_type_name == "option"]),
        "effect": spec.effect,
        "role": spec.role,
        "evidence": spec.operations[0].evidence if spec.operations else None,
        "operations": [{"id": each.id, "method": each.method, "path": each.path} for each in spec.operations],
        "requests": {"least": least, "most": most},
        "exits": {str(status): EXITS[status] for status in spec.exits},
    }


def _parameters(parameters: Iterable[Any]) -> list[dict[str, Any]]:
    return [_parameter(parameter) for parameter in parameters if not getattr(parameter, "hidden", False)]


def _parameter(parameter: Any) -> dict[str, Any]:
    """An argument or option; `choices` are its values, if they are fixed or suggested."""
    text = parameter.help or ""
    variables = _VARIABLES.search(text)
    # The order of those of --help varies.
    names = sorted(parameter.opts, key=len) if parameter.param_type_name == "option" else None
    limits = {name: getattr(parameter.type, name, None) for name in ("min", "max")}
    return {
        "name": parameter.name,
        **({"names": names} if names else {}),
        "metavar": parameter.metavar and str(parameter.metavar),
        "type": _TYPES.get(parameter.type.name, parameter.type.name),
        "required": parameter.required,
        "default": parameter.default,
        "repeatable": parameter.nargs == -1 or getattr(parameter, "multiple", False),
        "choices": fixed_choices(parameter) or list(getattr(parameter.metavar, "words", ())),
        **{name: limit for name, limit in limits.items() if limit is not None},
        "help": text[: variables.start()] if variables else text,
        "env": variables[1].split(", ") if variables else [],
    }


def is_global(parameter: Any) -> bool:
    """Whether every command takes this parameter."""
    return getattr(parameter, "rich_help_panel", None) == GLOBAL_OPTIONS or parameter.name == "help"


def _context(command: Any, name: str, **settings: Any) -> Any:
    """The context that the command would have when it runs."""
    return command.context_class(command, info_name=name, **{**command.context_settings, **settings})
