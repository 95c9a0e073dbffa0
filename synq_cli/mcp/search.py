"""Which commands a few words mean."""

import re
from math import log2
from typing import Any

from synq_cli.cli import tree
from synq_cli.cli.metavars import fixed_choices
from synq_cli.cli.tree import Node
from synq_cli.mcp.rules import tool_of

_MOST = 8
_IN_FULL = 3
_WORD = re.compile(r"[a-z0-9]+")
# Words of people, and those of the command tree, without the plural.
_MEANINGS = {"stock": "inventory", "ship": "fulfill", "refund": "return", "user": "member", "low": "level"}
_EMPTY = {
    "a", "all", "an", "and", "any", "are", "by", "can", "do", "doe", "for", "from", "how", "i", "in", "is", "it",
    "me", "my", "of", "on", "or", "our", "the", "thi", "to", "we", "what", "which", "who", "with",
}  # fmt: skip


def find_commands(root: Any, text: str) -> list[dict[str, Any]]:
    """The commands that a text most likely means, best first: the first few in full, the others in one line.

    A path, such as `orders list`, finds that command alone.
    """
    nodes = [node for node in tree.commands(root) if not getattr(node.command, "hidden", False)]
    path = tuple(text.removeprefix("synq ").split())
    if exact := [node for node in nodes if node.words == path]:
        return [_in_full(exact[0])]
    places = [(node, _places(node)) for node in nodes]
    scores = dict.fromkeys(range(len(nodes)), 0.0)
    for word in _words(text) - _EMPTY:
        weights = [max((weight for found, weight in parts if word in found), default=0.0) for _, parts in places]
        spread = sum(weight > 0 for weight in weights)
        for place, weight in enumerate(weights):
            scores[place] += weight * log2(1 + len(nodes) / max(spread, 1))  # a rare word tells more than a common one
    best = sorted(filter(scores.get, scores), key=lambda place: (-scores[place], tool_of(nodes[place]) != "run_read"))
    return [(_in_full if rank < _IN_FULL else _brief)(nodes[place]) for rank, place in enumerate(best[:_MOST])]


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


def _brief(node: Node) -> dict[str, Any]:
    summary = (node.command.help or "").partition("\n")[0]
    return {"command": " ".join(node.words), "summary": summary, "tool": tool_of(node)}


def _in_full(node: Node) -> dict[str, Any]:
    described = tree.describe(node)
    return _brief(node) | {
        "help": described["help"],
        "arguments": [_short(each) for each in described["arguments"]],
        "options": [_short(each) for each in described["options"]],
        "requests": described["requests"],
        "role": described["role"],
        "examples": described["examples"],
    }


def _short(parameter: dict[str, Any]) -> dict[str, Any]:
    """What an agent needs of a parameter."""
    is_option = "names" in parameter
    found = {"name": " ".join(parameter["names"]) if is_option else parameter["metavar"]}
    kept = {key: parameter[key] for key in ("metavar", "choices") if parameter[key] and (is_option or key == "choices")}
    return found | kept | {"required": parameter["required"], "help": parameter["help"]}
