"""The --jq filter, run by the jq library from the optional extra."""

import re
import signal
from collections.abc import Iterator
from decimal import Decimal
from importlib import import_module
from typing import Any

from synq_cli import exact_json
from synq_cli.errors import UsageError

_END = object()
_LARGEST_EXACT = 2**53
# Numbers that may be larger.
_STRING = re.compile(r'"(?:\\.|[^"\\])*"')
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
# Functions of jq that reach outside of the data. Each is defined anew, by a variable that is not defined, so that jq
# refuses a filter that uses one. Names of fields and a filter's own functions are not affected.
_OUTSIDE = (
    *("env", "input", "inputs", "input_filename", "input_line_number"),
    *("modulemeta", "get_search_list", "get_jq_origin", "get_prog_origin"),
)
_UNDEFINED = "synq::outside::"
# After a definition jq takes no import, include or module. The rest of the program begins on a line of its own.
_GUARD = "".join(f"def {name}: ${_UNDEFINED}{name}; " for name in _OUTSIDE) + "null as $ENV |\n"
_REFUSED = re.compile(r"^\s*(import|include|module)\b|(\$ENV)\b")
_IN_STRING = re.compile(r'"|\\\(|\\.|\\|[^"\\]+', re.DOTALL)
_IN_CODE = re.compile(r'["()]|#(?:\\.|[^\\\n])*|[^"()#]+', re.DOTALL)
# What computes with numbers; // does not divide, and -1 may be an index.
_ARITHMETIC = re.compile(r"[-+*%]|(?<!/)/(?!/)|\badd\b")
_LINE = re.compile(r"(?<=<top-level>, )line (\d+)")
_LARGE = re.compile(r"(?<![\d.])\d{16,}(?![\d.])")


class Filter:
    """A compiled jq program that sees only its data: no environment, no files, no modules.

    UsageError if it is invalid, or if the extra is not installed.
    """

    def __init__(self, expression: str) -> None:
        try:
            engine = import_module("jq")
        except ImportError:
            raise UsageError(
                "--jq needs the optional extra 'jq', which is not installed.",
                hint="Install it: pipx inject synq-cli jq, or pip install 'synq-cli[jq]'",
            ) from None
        code = _code(expression)
        if not code.strip():
            raise UsageError(f'Invalid --jq filter "{expression}": it is empty.', hint="Use `.` for all data.")
        if refused := _REFUSED.search(code):
            raise _outside(expression, refused[1] or refused[2])
        try:
            engine.compile(_GUARD + expression)  # the errors of the expression itself
            # The library gives numbers as binary floats; jq's own text of a number has its digits.
            # A comment may go on for a line.
            self._program: Any = engine.compile(f"{_GUARD}({expression}\n\n) | tojson")
        except ValueError as error:
            problem = _LINE.sub(lambda found: f"line {int(found[1]) - 1}", _first_line(error))
            if refused := re.search(rf"\${_UNDEFINED}(\w+)", problem):
                raise _outside(expression, refused[1]) from None
            raise UsageError(f'Invalid --jq filter "{expression}": {problem}.') from None
        self._expression = expression
        self._computes = bool(_ARITHMETIC.search(code))

    def lines(self, value: object) -> Iterator[str]:
        """The results for one value: strings as they are, anything else as compact JSON."""
        text = exact_json.dumps(value)
        known: set[str] = set()
        # With large numbers in the data, even a small result of a computation may be wrong.
        given = set(_NUMBER.findall(text)) if self._is_inexact(text) else None
        results = iter(self._program.input_text(text))
        try:
            while (found := _next_of(results)) is not _END:
                result = exact_json.loads(found)
                if _LARGE.search(found):
                    known = known or {*_LARGE.findall(text), *_LARGE.findall(self._expression)}
                    _check_large(result, known)
                if given is not None:
                    _check_computed(result, given)
                yield result if isinstance(result, str) else exact_json.dumps(result)
        except ValueError as error:
            raise UsageError(
                f"The --jq filter failed on this data: {_first_line(error)}.",
                hint="The request itself succeeded. Run the command with --json and without --jq to see the data.",
            ) from None

    def _is_inexact(self, text: str) -> bool:
        """Whether the filter computes, and a number of the data is too large for that."""
        return self._computes and any(int(digits) > _LARGEST_EXACT for digits in _LARGE.findall(_STRING.sub("", text)))


def _code(expression: str) -> str:
    """The filter without comments and the text of its strings; what a string interpolates stays."""
    code = ""
    open_parentheses: list[int] = []  # of each interpolation around this place
    in_string, position = False, 0
    while part := (_IN_STRING if in_string else _IN_CODE).match(expression, position):
        position = part.end()
        if part[0] == '"':
            in_string = not in_string
        elif in_string:
            if part[0] == "\\(":
                open_parentheses.append(0)
                in_string = False
        elif part[0] == ")" and open_parentheses and not open_parentheses[-1]:
            open_parentheses.pop()
            in_string = True
        elif part[0][0] != "#":
            if open_parentheses:
                open_parentheses[-1] += {"(": 1, ")": -1}.get(part[0], 0)
            code += part[0]
    return code


def _outside(expression: str, name: str) -> UsageError:
    return UsageError(
        f'Invalid --jq filter "{expression}": {name} reaches outside of the data, and --jq sees nothing else.',
        hint="Write the value into the filter, or pipe the output of --json to jq itself.",
    )


def _check_computed(result: object, given: set[str]) -> None:
    """UsageError if there is a number that is not in the data."""
    if isinstance(result, dict | list):
        for part in result.values() if isinstance(result, dict) else result:
            _check_computed(part, given)
    elif isinstance(result, int | Decimal) and not isinstance(result, bool) and exact_json.dumps(result) not in given:
        raise _inexact(result)


def _check_large(result: object, known: set[str]) -> None:
    """UsageError if there is a whole number above 2^53 that is not `known`: jq computes with binary floats."""
    if isinstance(result, dict | list):
        for part in result.values() if isinstance(result, dict) else result:
            _check_large(part, known)
    elif isinstance(result, int) and abs(result) > _LARGEST_EXACT and str(abs(result)) not in known:
        raise _inexact(result)


def _inexact(result: object) -> UsageError:
    return UsageError(
        f"The --jq filter computed {result}, and whole numbers beyond 2^53 are not exact in jq.",
        hint="Pass large numbers on as they are, or compute with them outside of jq, from --json.",
    )


def _next_of(results: Iterator[Any]) -> Any:
    """The next result, or _END; Ctrl-C ends the process, since jq ignores signals while it runs."""
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        return next(results, _END)
    finally:
        signal.signal(signal.SIGINT, before)


def _first_line(error: ValueError) -> str:
    return str(error).partition("\n")[0].removeprefix("jq: error: ").rstrip(":.")
