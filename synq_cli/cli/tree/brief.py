"""The command tree as a page that an AI agent can afford to read: one command per line."""

from collections.abc import Iterator

from synq_cli import __version__
from synq_cli.cli.metavars import fixed_choices
from synq_cli.cli.tree import Node, is_global, walk

_LONGEST_CHOICE = 60
# Explained once, for all commands that have them.
_SHARED = {"dry_run", "plan", "yes", "confirm", "report", "shard", "again"}
_HEAD = """\
synq {version}: one command per line, with its arguments and own options, effect and summary, separated by tabs.
Effects: read; local (sends nothing); create, replace, delete, trigger; relative (adds up: never send it twice);
any (what you ask for). A command that asks needs --yes where there is no terminal.
Every command takes --json, --fields A,B, --jq EXPR, --quiet, --profile NAME, --read-only and --sandbox.
A command that writes takes --dry-run, and most take --plan FILE. With --file: --report FILE, --shard I/N and --again.
`synq schema COMMAND` describes a command in full; `synq help agents` says how to work with synq.
"""


def brief(node: Node) -> str:
    """A line for each command of a group, below what all of them have in common."""
    commands = [each for each in walk(node) if not each.is_group]
    return _HEAD.format(version=__version__) + "".join(f"{_line(each)}\n" for each in commands)


def _line(node: Node) -> str:
    effect = node.spec.effect + (", asks" if _has(node, "yes") else "")
    summary = (node.command.help or "").partition("\n")[0]
    return f"{' '.join((*node.words, *_parameters(node)))}\t{effect}\t{summary}"


def _parameters(node: Node) -> Iterator[str]:
    for parameter in node.command.get_params(node.context):
        is_argument = parameter.param_type_name == "argument"
        if is_global(parameter) or getattr(parameter, "hidden", False):
            continue
        if parameter.name in _SHARED and not is_argument:
            continue
        choices = "|".join(fixed_choices(parameter) or ())
        value = choices if 0 < len(choices) <= _LONGEST_CHOICE else str(parameter.metavar or "")
        if is_argument:
            yield f"[{value}]" if choices and not parameter.required else value
        else:
            name = max(parameter.opts, key=len)
            text = name if parameter.is_flag else f"{name} {value}"
            yield text if parameter.required else f"[{text}]"


def _has(node: Node, name: str) -> bool:
    return any(parameter.name == name for parameter in node.command.params)
