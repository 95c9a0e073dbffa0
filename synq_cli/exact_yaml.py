"""YAML in and out, the one place that uses PyYAML; numbers keep their digits, as in exact_json."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import yaml

from synq_cli import exact_json
from synq_cli.exact_json import Number

_TAG = "tag:yaml.org,2002:"
# A number of JSON. 0012345678905 is a barcode and stays text; so do +49123, a SKU or a telephone number, and .5.
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
# YAML 1.2 reads these as numbers where PyYAML, a 1.1 library, would leave a string unquoted.
_NUMBER_LIKE = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+")
# PyYAML writes these as they are, and reads them back as blanks.
_LINE_BREAKS = re.compile("[\x85\u2028\u2029]")


class InvalidYamlError(ValueError):
    """Text that can't be read as YAML: the problem, and its line if that is known."""


class _Loader(yaml.SafeLoader):
    """YAML 1.2 with the types of JSON: YAML 1.1 would read `no` as false, 2026-11-25 as a date and 012 as ten."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 PyYAML's attribute
    yaml_constructors: ClassVar[dict[str | None, Any]] = {
        tag: yaml.SafeLoader.yaml_constructors[tag] for tag in (f"{_TAG}null", f"{_TAG}bool", f"{_TAG}str", None)
    }

    def mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if problem := _key_problem(key, found):
                raise InvalidYamlError(f"{problem} in line {key.start_mark.line + 1}")
            found[key.value] = self.construct_object(value, deep=True)
        return found

    def number(self, node: yaml.ScalarNode) -> int | Number:
        if not re.fullmatch(_NUMBER, node.value):
            raise ValueError  # an explicit tag
        number: int | Number = exact_json.loads(node.value)
        return number


def _key_problem(key: yaml.Node, found: Mapping[str, Any]) -> str | None:
    if not isinstance(key, yaml.ScalarNode):
        return "a key is not a scalar"
    if key.value == "<<" and key.style is None:
        # YAML 1.2 has no merge; as a common key it would silently be something else than its author means.
        return "<< can't merge mappings here: write the keys out, or put << in quotes if it is a name"
    return f"{key.value} is given twice" if key.value in found else None


for _kind, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("float", _NUMBER, "-+0123456789"),
):
    _Loader.add_implicit_resolver(_TAG + _kind, re.compile(rf"^(?:{_pattern})$"), [*_first, ""])
_Loader.add_constructor(f"{_TAG}int", _Loader.number)
_Loader.add_constructor(f"{_TAG}float", _Loader.number)
_Loader.add_constructor(f"{_TAG}map", _Loader.mapping)
# Built at once, so that a list which contains itself is refused.
_Loader.add_constructor(
    f"{_TAG}seq", lambda loader, node: [loader.construct_object(each, deep=True) for each in node.value]
)


def loads(text: str) -> Any:
    """Read a document: dates stay text, only true and false are booleans; InvalidYamlError if it can't be read."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506 a SafeLoader with fewer types
    except InvalidYamlError:
        raise
    except yaml.YAMLError as error:
        mark, position = getattr(error, "problem_mark", None), getattr(error, "position", None)
        line = mark.line if mark else None if position is None else text.count("\n", 0, position)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it is not YAML"
        raise InvalidYamlError(f"{problem}" + ("" if line is None else f" in line {line + 1}")) from None
    except RecursionError:
        raise InvalidYamlError("it is nested too deeply") from None
    except (ValueError, LookupError, AttributeError):  # PyYAML's own, for `!!bool x` and the like
        raise InvalidYamlError("a value is not what its tag says") from None


def item_lines(text: str) -> list[dict[str, int]]:
    """The lines of the keys of each object in a list, by key; "" has that of the object itself. The text is valid."""
    root = yaml.compose(text, _Loader)
    items = root.value if isinstance(root, yaml.SequenceNode) else [root]
    return [{"": item.start_mark.line + 1, **_key_lines(item)} for item in items if item is not None]


def _key_lines(node: yaml.Node) -> dict[str, int]:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return {str(key.value): key.start_mark.line + 1 for key, _ in pairs}


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


def dumps(value: object, escaped: re.Pattern[str] = _LINE_BREAKS, *, unicode: bool = True) -> str:
    """Write a document: numbers as they were read, the `escaped` characters as escapes, others raw if `unicode`."""
    dumper = type("Dumper", (_Dumper,), {"escaped": escaped})
    text: str = yaml.dump(value, Dumper=dumper, allow_unicode=unicode, sort_keys=False, width=float("inf"))
    # PyYAML writes bidi characters raw; whatever contains one is in double quotes by now.
    return escaped.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return match[0] if match[0] == "\n" else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
