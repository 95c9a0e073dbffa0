"""What values options and arguments take: the name that help gives them, and what TAB offers for them."""

from collections.abc import Iterable
from typing import Any


class Value(str):
    """A metavar that also says what completes it, for all values but fixed choices, which are a `Literal`.

    Typer's `autocompletion=` starts the program for every TAB. The scripts of synq are written beforehand, complete
    most words by themselves and need a name for what they do ask for.

    `kind` is `words` for one of `words`, `list` for several of those with commas between them, `file` for a path,
    `command` for the words of a command, or a kind of things that only this machine knows, such as `sku`.
    """

    __slots__ = ("kind", "words")

    def __new__(cls, metavar: str, kind: str, words: Iterable[str] = ()) -> "Value":
        """A metavar of this kind."""
        value = super().__new__(cls, metavar)
        value.kind = kind
        value.words = tuple(words)
        return value

    kind: str
    words: tuple[str, ...]


def fixed_choices(parameter: Any) -> list[str]:
    """The values that Typer accepts for this parameter, if they are fixed."""
    return list(getattr(parameter.type, "choices", ()))


def suggestion(metavar: str, words: Iterable[str]) -> Value:
    """A value that is often one of these words, but may be another."""
    return Value(metavar, "words", words)


def suggestions(metavar: str, words: Iterable[str]) -> Value:
    """One or more values with commas between them, each often one of these words."""
    return Value(metavar, "list", words)


COMMAND = Value("[COMMAND]...", "command")
FILE = Value("FILE", "file")
LOCATION = Value("NAME|UUID", "location")
ORDER = Value("ID", "order")
PRODUCT = Value("ID", "product")
PRODUCT_OR_SKU = Value("ID|SKU", "product-or-sku")
JOB = Value("ID", "job")
SKU = Value("SKU", "sku")
RUN = Value("RUN", "run")
PROFILE = Value("PROFILE", "profile")
