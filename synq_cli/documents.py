"""JSON and YAML documents that a person wrote, with every number's digits kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from synq_cli import exact_json
from synq_cli.errors import UsageError

_ROWS = "Give an array in JSON or YAML, or one JSON value a line."


def read_text(path: str, stdin: TextIO) -> str:
    """A file's text as it is, or standard input's for -; UsageError if it can't be read."""
    try:
        text = stdin.read() if path == "-" else Path(path).read_bytes().decode("utf-8")
        text.encode()  # where the locale is C, standard input lets bytes through that are no text
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"{_named(path)} can't be read: {reason}.") from None
    return text


def read_bytes(path: str, stdin: TextIO) -> bytes:
    """The same as the very bytes that are there."""
    try:
        if path != "-":
            return Path(path).read_bytes()
        below: BinaryIO | None = getattr(stdin, "buffer", None)  # a stream in memory has none
        return stdin.read().encode() if below is None else below.read()
    except OSError as error:
        raise UsageError(f"{_named(path)} can't be read: {error.strerror}.") from None


def read_document(text: str, name: str) -> Any:
    """What the text says, as JSON or else as YAML; UsageError names the line that is wrong.

    Dates stay text, and only true and false are switches, as in JSON.
    """
    name = _named(name)
    if not text.strip():
        raise UsageError(f"{name} is empty.", hint="It must hold JSON or YAML.")
    try:
        return exact_json.loads(text.removeprefix("\ufeff"))
    except RecursionError:
        raise UsageError(f"{name} is nested too deeply.") from None
    except ValueError as error:
        if text.lstrip("\ufeff \t\r\n")[:1] in {"{", "["} and not name.endswith((".yaml", ".yml")):
            raise UsageError(f"{name} is not valid JSON: {error}.") from None
    return _yaml(text.removeprefix("\ufeff"), name)


def holds_many(text: str, name: str) -> bool:
    """Whether it is NDJSON, by its name or by its look: a whole JSON object in the first line, and more below."""
    if name.lower().endswith((".ndjson", ".jsonl")):
        return True
    first, _, rest = text.removeprefix("\ufeff").strip().partition("\n")
    try:
        return bool(rest) and isinstance(exact_json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def read_rows(text: str, name: str) -> list[Any]:
    """The rows of an array in JSON or YAML, or one JSON value a line (NDJSON); UsageError for anything else."""
    name = _named(name)
    if name.endswith((".ndjson", ".jsonl")) or text.lstrip("\ufeff \t\r\n")[:1] in {"{", '"'}:
        return list(_lines(text, name))
    rows = read_document(text, name)
    if not isinstance(rows, list):
        raise UsageError(f"{name} holds no list.", hint=_ROWS)
    return rows


def _lines(text: str, name: str) -> Iterator[Any]:
    # Other line ends than this one may stand in a JSON text.
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if line.strip():
            try:
                yield exact_json.loads(line)
            except (ValueError, RecursionError) as error:
                raise UsageError(f"{name} is not JSON in line {number}: {error}.", hint=_ROWS) from None


def _yaml(text: str, name: str) -> Any:
    import re

    import yaml

    class Loader(yaml.SafeLoader):
        """YAML as JSON means it: YAML 1.1 would make `no` a switch, 2026-11-25 a date and 012 ten."""

        def whole(self, node: yaml.ScalarNode) -> int:
            return int(node.value)

        def exact(self, node: yaml.ScalarNode) -> exact_json.Number:
            return exact_json.Number(node.value.lstrip("+"))

        def sequence(self, node: yaml.SequenceNode) -> list[Any]:
            # Built at once, so that a list which holds itself is refused.
            return [self.construct_object(item, deep=True) for item in node.value]

        def mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
            if not all(isinstance(key, yaml.ScalarNode) for key, _ in node.value):
                raise ValueError("a key is no word")
            return {key.value: self.construct_object(value, deep=True) for key, value in node.value}

    Loader.yaml_implicit_resolvers = {}
    plain: dict[str, tuple[str, str]] = {
        "null": (r"~|null|Null|NULL|", "~nN"),
        "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
        "int": (r"[-+]?[0-9]+", "-+0123456789"),
        "float": (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    }
    for kind, (pattern, first) in plain.items():
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{kind}", re.compile(rf"^(?:{pattern})$"), [*first, ""])
    Loader.add_constructor("tag:yaml.org,2002:int", Loader.whole)
    Loader.add_constructor("tag:yaml.org,2002:float", Loader.exact)
    Loader.add_constructor("tag:yaml.org,2002:map", Loader.mapping)
    Loader.add_constructor("tag:yaml.org,2002:seq", Loader.sequence)
    try:
        return yaml.load(text, Loader)  # noqa: S506 a SafeLoader with fewer types
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        what = getattr(error, "problem", None) or "it is neither JSON nor YAML"
        raise UsageError(f"{name} can't be read: {what}{where}.") from None
    except (ValueError, LookupError, AttributeError, RecursionError):
        raise UsageError(f"{name} can't be read: a value is not what its tag says.") from None


def _named(path: str) -> str:
    return "standard input" if path == "-" else path
