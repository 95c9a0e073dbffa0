"""What errors advise, as far as an agent can do it."""

import re
from collections.abc import Mapping
from typing import Any

from synq_cli.cli import tree
from synq_cli.mcp.rules import call_find, is_for_people, tool_of

_HELP_PAGE = re.compile(r"(?:See|Run) `synq ?([a-z -]*?) ?--help`(?: for the list of commands)?")
_COMMAND = re.compile(r"\bsynq ([a-z][a-z -]*)")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
_VARIABLE = re.compile(r"\bSYNQ_[A-Z_]+")
# After an error of the rate limit, whose own advice is about --max-wait.
WAIT = "Wait a minute, then call this tool again."


def for_agents(root: Any, text: str) -> str:
    """The advice; for a person, if an agent can't run its command or give its option."""
    text = _HELP_PAGE.sub(lambda found: call_find(found[1]).removesuffix("."), text)
    needs_person = (
        _VARIABLE.search(text) is not None
        or any(map(is_for_people, _OPTION.findall(text)))
        or any(_is_for_people(root, words.split()) for words in _COMMAND.findall(text))
    )
    if not needs_person or text.startswith("Ask a person"):
        return text
    return f"Ask a person to do this: {text}"


def error_for_agents(root: Any, error: Mapping[str, Any]) -> dict[str, Any]:
    """An error with such advice."""
    if error.get("code") == "rate_limited" and error.get("retryable"):
        return {**error, "hint": WAIT, "next": WAIT}
    return {**error, **{key: for_agents(root, error[key]) for key in ("hint", "next") if error.get(key)}}


def _is_for_people(root: Any, words: list[str]) -> bool:
    """Whether these words start with a command that no tool runs."""
    node = tree.root_node(root)
    for word in words:
        if not node.is_group:
            break
        if word not in node.command.list_commands(node.context):
            return False
        node = node.child(word)
    return not node.is_group and tool_of(node) is None
