"""YAML in and out, the one place that uses PyYAML; numbers keep their digits, as in exact_json."""

import re
from collections.abc import Callable
from typing import Any

import yaml
from yaml import Node

from synq_cli.exact_json import Number

__all__ = ["InvalidYamlError", "Node", "dump_settings", "dumps", "load_settings", "loads"]

_TAG = "tag:yaml.org,2002:"
_INT = r"[-+]?[0-9]+"
_FLOAT = r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
# YAML 1.2 reads these as numbers where PyYAML, a 1.1 library, would leave a string unquoted.
_NUMBER_LIKE = re.compile(rf"{_FLOAT}|0o[0-7]+")


class InvalidYamlError(ValueError):
    """Text that can't be read as YAML: the problem, and its line counted from 0 where it is known."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line


class _Loader(yaml.SafeLoader):
    """YAML as JSON means it: YAML 1.1 would read `no` as false, 2026-11-25 as a date and 012 as ten."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 PyYAML's attribute

    def whole(self, node: yaml.ScalarNode) -> int:
        return int(node.value)

    def exact(self, node: yaml.ScalarNode) -> Number:
        return Number(node.value.lstrip("+"))

    def sequence(self, node: yaml.SequenceNode) -> list[Any]:
        # Built at once, so that a list which holds itself is refused.
        return [self.construct_object(item, deep=True) for item in node.value]

    def mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        if not all(isinstance(key, yaml.ScalarNode) for key, _ in node.value):
            raise ValueError("a key is not a scalar")
        names = [key.value for key, _ in node.value]
        if twice := [key for key, _ in node.value if names.count(key.value) > 1]:
            raise InvalidYamlError(f'"{twice[1].value}" is given twice', twice[1].start_mark.line)
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}


for _kind, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", _INT, "-+0123456789"),
    ("float", _FLOAT, "-+.0123456789"),
):
    _Loader.add_implicit_resolver(_TAG + _kind, re.compile(rf"^(?:{_pattern})$"), [*_first, ""])
_Loader.add_constructor(f"{_TAG}int", _Loader.whole)
_Loader.add_constructor(f"{_TAG}float", _Loader.exact)
_Loader.add_constructor(f"{_TAG}map", _Loader.mapping)
_Loader.add_constructor(f"{_TAG}seq", _Loader.sequence)


def loads(text: str) -> Any:
    """Read a document: dates stay text, only true and false are booleans; InvalidYamlError if it can't be read."""
    return _guarded(text, lambda: yaml.load(text, _Loader))  # noqa: S506 a SafeLoader with fewer types


def load_settings(text: str, check: Callable[[Node], None]) -> Any:
    """Read a document in YAML 1.1 once `check` has seen its root node, None if it is empty; InvalidYamlError."""

    def read() -> Any:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if root is None or root.tag == f"{_TAG}null":
            return None
        check(root)
        try:
            return loader.construct_document(root)
        except ValueError as error:  # an impossible date, such as 2026-02-30
            raise InvalidYamlError(str(error)) from None

    return _guarded(text, read)


def _guarded(text: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except InvalidYamlError:
        raise
    except yaml.YAMLError as error:
        mark, position = getattr(error, "problem_mark", None), getattr(error, "position", None)
        line = mark.line if mark else None if position is None else text.count("\n", 0, position)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it is not YAML"
        raise InvalidYamlError(str(problem), line) from None
    except RecursionError:
        raise InvalidYamlError("it is nested too deeply") from None
    except (ValueError, LookupError, AttributeError):  # PyYAML's own, for `!!bool x` and the like
        raise InvalidYamlError("a value is not what its tag says") from None


class _Dumper(yaml.SafeDumper):
    escaped: re.Pattern[str]

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 PyYAML's signature
        return True

    def number(self, number: Number) -> yaml.ScalarNode:
        # Under the tag that its text would get anyway, a number is written bare.
        resolver: Any = self
        return self.represent_scalar(resolver.resolve(yaml.ScalarNode, number.text, (True, False)), number.text)

    def string(self, text: str) -> yaml.ScalarNode:
        style = '"' if self.escaped.search(text) else "'" if _NUMBER_LIKE.fullmatch(text) else None
        return self.represent_scalar(f"{_TAG}str", text, style)


_Dumper.add_representer(Number, _Dumper.number)
_Dumper.add_representer(str, _Dumper.string)


def dumps(value: object, escaped: re.Pattern[str], *, unicode: bool) -> str:
    """Write a document: numbers as they were read, the `escaped` characters as escapes, others raw if `unicode`."""
    dumper = type("Dumper", (_Dumper,), {"escaped": escaped})
    text: str = yaml.dump(value, Dumper=dumper, allow_unicode=unicode, sort_keys=False, width=float("inf"))
    # PyYAML writes bidi characters raw; whatever holds one stands in double quotes by now.
    return escaped.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return match[0] if match[0] == "\n" else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def dump_settings(document: object) -> str:
    """Write plain settings in YAML 1.1, their keys in order."""
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    if any(line_break in text for line_break in "\x85\u2028\u2029"):
        text = yaml.safe_dump(document, sort_keys=False)  # PyYAML reads these back as blanks unless escaped
    return text
