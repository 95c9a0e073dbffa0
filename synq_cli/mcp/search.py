"""Which commands a few words mean."""

import re
from collections.abc import Iterable
from math import log2
from typing import Any

from synq_cli import exact_json
from synq_cli.cli import tree
from synq_cli.cli.metavars import fixed_choices
from synq_cli.cli.tree import Node
from synq_cli.errors import SynqError
from synq_cli.mcp.rules import accepts, check_read, check_write, read_line, tool_of

_MOST = 8
# Characters of an answer's entries, and of one with its text and examples.
_LARGEST, _LARGEST_ENTRY = 2_400, 1_900
# What examples show to people, and the server sets by itself.
_SET = re.compile(r" (--dry-run|--yes|--plan \S+|--json|--confirm \S+|--report \S+)(?= |$)")
_WORD = re.compile(r"[a-z0-9]+")
# Words of people, and those of the command tree, without the plural.
_MEANINGS = {"stock": "inventory", "ship": "fulfill", "refund": "return", "user": "member", "low": "level"}
_EMPTY = {
    "a", "all", "an", "and", "any", "are", "by", "can", "do", "doe", "for", "from", "how", "i", "in", "is", "it",
    "me", "my", "of", "on", "or", "our", "the", "thi", "to", "we", "what", "which", "who", "with",
}  # fmt: skip


def find_commands(root: Any, text: str) -> list[dict[str, Any]]:
    """The commands that a text most likely means, best first: the first in full, the others in one line.

    A path, such as `orders list`, finds that command alone; that of a group, such as `orders`, its commands.
    """
    nodes = [node for node in tree.commands(root) if not getattr(node.command, "hidden", False)]
    path = tuple(text.removeprefix("synq ").removesuffix("--help").split())
    if exact := [node for node in nodes if node.words == path]:
        return [_in_full(root, exact[0])]
    if of_group := [node for node in nodes if path and node.words[: len(path)] == path]:
        return _fitting([], map(_brief, of_group))
    places = [(node, _places(node)) for node in nodes]
    scores = dict.fromkeys(range(len(nodes)), 0.0)
    for word in _words(text) - _EMPTY:
        weights = [max((weight for found, weight in parts if word in found), default=0.0) for _, parts in places]
        spread = sum(weight > 0 for weight in weights)
        for place, weight in enumerate(weights):
            scores[place] += weight * log2(1 + len(nodes) / max(spread, 1))  # a rare word tells more than a common one
    best = sorted(filter(scores.get, scores), key=lambda place: (-scores[place], tool_of(nodes[place]) != "run_read"))
    found = [nodes[place] for place in best[:_MOST]]
    return _fitting([_in_full(root, node) for node in found[:1]], map(_brief, found[1:]))


def _places(node: Node) -> list[tuple[set[str], float]]:
    """The words of a command, and how much each part counts: its path most, then its summary, then the rest."""
    summary, _, rest = (node.command.help or "").partition("\n")
    own = [each for each in node.command.get_params(node.context) if not tree.is_global(each)]
    options = " ".join(f"{each.name} {each.help} {' '.join(fixed_choices(each))}" for each in own)
    parts = ((" ".join(node.words), 6.0), (summary, 3.0), (options, 1.0), (rest, 0.5))
    return [(_words(text), weight) for text, weight in parts]


def _words(text: str) -> set[str]:
    """The words of a text without their plural, and what they mean."""
    found = {word.removesuffix("s") for word in _WORD.findall(text.lower())}
    return found | {_MEANINGS[word] for word in found & _MEANINGS.keys()}


def _fitting(found: list[dict[str, Any]], more: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries and as many more as an answer may hold."""
    size = sum(map(_size, found))
    for entry in more:
        size += _size(entry)
        if size > _LARGEST:
            break
        found.append(entry)
    return found


def _size(entry: dict[str, Any]) -> int:
    return len(exact_json.dumps(entry))


def _brief(node: Node) -> dict[str, Any]:
    summary = (node.command.help or "").partition("\n")[0]
    return {"command": " ".join(node.words), "summary": summary, "tool": tool_of(node)}


def _in_full(root: Any, node: Node) -> dict[str, Any]:
    """A command with what its tool accepts; without its text or examples if it has many options."""
    tool = tool_of(node)
    if tool is None:
        return _brief(node) | {"help": "Only a person can run it."}
    described = tree.describe(node)
    taken = {each.name for each in node.command.get_params(node.context) if accepts(each, tool)}
    entry = _brief(node) | {
        "arguments": [_short(each) for each in described["arguments"] if each["name"] in taken],
        "options": [_short(each) for each in described["options"] if each["name"] in taken],
        "requests": described["requests"],
        "role": described["role"],
    }
    more = {"examples": _examples(root, described["examples"], tool), "help": described["help"]}
    for key, value in more.items():
        if value and _size(entry | {key: value}) <= _LARGEST_ENTRY:
            entry[key] = value
    return entry


def _examples(root: Any, lines: list[str], tool: str) -> list[str]:
    """The examples that the tool accepts, without what it sets by itself."""
    found = []
    for line in lines:
        text = _SET.sub("", line)
        try:
            parsed = read_line(root, text)
            if tool == "propose_write":
                check_write(parsed, None, has_input="--file -" in text)
            else:
                check_read(parsed)
        except SynqError:
            continue
        found.append(text.removeprefix("synq "))
    return list(dict.fromkeys(found))


def _short(parameter: dict[str, Any]) -> dict[str, Any]:
    """What an agent needs of a parameter."""
    name, metavar = max(parameter.get("names", [""]), key=len), parameter["metavar"] or ""
    found: dict[str, Any] = {"name": f"{name} {metavar}".strip(), "help": parameter["help"]}
    if choices := [each for each in parameter["choices"] if each not in f"{metavar} {parameter['help']}"]:
        found["choices"] = choices
    return found | ({"required": True} if parameter["required"] else {})
