"""The command tree as data: every group and command, what it takes, what it sends and how it may end."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from synq_cli import __version__
from synq_cli.cli.options import EVERYWHERE
from synq_cli.cli.spec import Declaration
from synq_cli.cli.values import fixed_choices
from synq_cli.errors import UsageError
from synq_cli.http.operation import Operation

EXITS = {
    0: "done",
    1: "internal: a bug in synq",
    2: "usage: a wrong option, argument or local file",
    3: "rejected: the API refused the request, or a signature is wrong",
    4: "auth: no token, an expired one, 401, 403",
    5: "not_found: 404, an unknown SKU or location",
    6: "rate_limited: the wait for the rate limit would pass --max-wait",
    7: "network: the API could not be reached",
    8: "conflict: 409, 412, or the value has changed meanwhile",
    9: "partial: some rows failed",
    10: "unknown: a write was sent and no answer came; it may have been applied",
    11: "refused: read-only, not confirmed, or another tenant's token",
    12: "server: 5xx after the retries, or a reply that makes no sense",
    75: "running: the work goes on",
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
_VARIABLES = re.compile(r"\s*\[([A-Z_]+(?:, [A-Z_]+)*)\]$")


@dataclass(frozen=True)
class Node:
    """A group or a command; `words` are what is typed after synq to name it."""

    words: tuple[str, ...]
    command: Any
    context: Any

    @property
    def is_group(self) -> bool:
        """Whether commands lie below it."""
        return hasattr(self.command, "list_commands")

    @property
    def path(self) -> str:
        """The whole of what is typed to name it."""
        return " ".join(("synq", *self.words))

    @property
    def declaration(self) -> Declaration:
        """What a command does; a group does nothing."""
        found = getattr(self.command, "declaration", None)
        return found if isinstance(found, Declaration) else Declaration()

    def below(self) -> "Iterator[Node]":
        """The groups and commands right below it."""
        return map(self.child, self.command.list_commands(self.context) if self.is_group else ())

    def child(self, name: str) -> "Node":
        """The group or command of this name right below it."""
        command = self.command.get_command(self.context, name)
        return Node((*self.words, name), command, _context(command, name, parent=self.context))


def top(root: Any, **settings: Any) -> Node:
    """The root as a node; the settings, such as a terminal_width, hold for all that lies below."""
    return Node((), root, _context(root, "synq", **settings))


def walk(node: Node) -> Iterator[Node]:
    """The node and all that lies below it, depth first."""
    yield node
    for child in node.below():
        yield from walk(child)


def commands(root: Any) -> Iterator[Node]:
    """Every command, without the groups."""
    return (node for node in walk(top(root)) if not node.is_group)


def find(root: Any, words: Iterable[str], **settings: Any) -> Node:
    """The group or command of that name; UsageError, with the nearest name, if there is none. For settings see top."""
    node = top(root, **settings)
    for word in words:
        if not node.is_group:
            raise UsageError(f"`{node.path}` is a command; nothing called '{word}' lies below it.")
        node.command.resolve_command(node.context, [word])  # complains if there is none
        node = node.child(word)
    return node


def command_for(root: Any, operation: str) -> str | None:
    """The first command that is for the operation of this id."""
    return next((node.path for node in commands(root) if operation in _ids(node.declaration.calls[:1])), None)


def describe(node: Node) -> dict[str, Any]:
    """A group or command as an object; the root also holds what every command takes."""
    text, _, examples = (node.command.help or "").partition("\nExamples:\n")
    summary, _, prose = text.strip().partition("\n")
    told: dict[str, Any] = {
        "name": node.context.info_name,
        "path": node.path,
        "summary": summary,
        "help": "\n\n".join(" ".join(paragraph.split()) for paragraph in prose.strip().split("\n\n")),
    }
    if not node.words:
        shared = [parameter for parameter in node.command.get_params(node.context) if is_shared(parameter)]
        told |= {"version": __version__, "shared_options": _described(shared)}
    if node.is_group:
        return told | {"commands": [describe(child) for child in node.below()]}
    return told | _form(node) | {"examples": [line.strip() for line in examples.splitlines() if line.strip()]}


def _form(node: Node) -> dict[str, Any]:
    """What a command takes, sends and may end with."""
    own = [parameter for parameter in node.command.get_params(node.context) if not is_shared(parameter)]
    declaration = node.declaration
    least, most = declaration.requests
    return {
        "arguments": _described([each for each in own if each.param_type_name == "argument"]),
        "options": _described([each for each in own if each.param_type_name == "option"]),
        "effect": declaration.effect,
        "role": declaration.role,
        "evidence": declaration.calls[0].evidence if declaration.calls else None,
        "operations": [{"id": call.id, "method": call.method, "path": call.path} for call in declaration.calls],
        "requests": {"least": least, "most": most},
        "exits": {str(status): EXITS[status] for status in declaration.exits},
    }


def _described(parameters: Iterable[Any]) -> list[dict[str, Any]]:
    return [_parameter(parameter) for parameter in parameters if not getattr(parameter, "hidden", False)]


def _parameter(parameter: Any) -> dict[str, Any]:
    """One argument or option; `choices` are its values, where they are fixed."""
    text = parameter.help or ""
    variables = _VARIABLES.search(text)
    # Those of --help come in any order.
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


def is_shared(parameter: Any) -> bool:
    """Whether every command takes it."""
    return getattr(parameter, "rich_help_panel", None) == EVERYWHERE or parameter.name == "help"


def _ids(calls: Iterable[Operation]) -> list[str]:
    return [call.id for call in calls]


def _context(command: Any, name: str, **settings: Any) -> Any:
    """The context that the command would have on a line that names it."""
    return command.context_class(command, info_name=name, **{**command.context_settings, **settings})
