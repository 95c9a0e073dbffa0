"""Metavars: the name that help gives a value, and what completes it in the shell."""

from collections.abc import Iterable
from typing import Any


class Metavar(str):
    """A metavar that also says what completes the value. Fixed choices are a `Literal` instead.

    Typer's `autocompletion=` starts the program for every TAB. The completion scripts are generated, complete most
    words by themselves, and call synq only for values that depend on the local cache.

    `kind` is `words` for one of `words`, `list` for a comma-separated list of them, `file` for a path, `command` for
    the words of a command, or a kind of value in the local cache, such as `sku`.
    """

    __slots__ = ("kind", "words")

    def __new__(cls, text: str, kind: str, words: Iterable[str] = ()) -> "Metavar":
        """A metavar of this kind."""
        metavar = super().__new__(cls, text)
        metavar.kind = kind
        metavar.words = tuple(words)
        return metavar

    kind: str
    words: tuple[str, ...]


def fixed_choices(parameter: Any) -> list[str]:
    """The values that Typer accepts for this parameter, if they are fixed."""
    return list(getattr(parameter.type, "choices", ()))


COMMAND = Metavar("[COMMAND]...", "command")
FILE = Metavar("FILE", "file")
LOCATION = Metavar("NAME|UUID", "location")
ORDER = Metavar("ID", "order")
PRODUCT = Metavar("ID", "product")
PRODUCT_OR_SKU = Metavar("ID|SKU", "product-or-sku")
JOB = Metavar("ID", "job")
SKU = Metavar("SKU", "sku")
RUN = Metavar("RUN", "run")
PROFILE = Metavar("PROFILE", "profile")
