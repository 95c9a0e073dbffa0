"""What values options and arguments take: the name that help gives them, and what TAB offers for them."""

from collections.abc import Iterable


class Value(str):
    """A metavar that also says what completes it.

    `kind` is `words` for the fixed `words`, `list` for several of those with commas between them, `file` for a path,
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


def choice(metavar: str, words: Iterable[str]) -> Value:
    """A value that is one of these words."""
    return Value(metavar, "words", words)


def choices(metavar: str, words: Iterable[str]) -> Value:
    """A value that is one or more of these words, with commas between them."""
    return Value(metavar, "list", words)


COMMAND = Value("[COMMAND]...", "command")
FILE = Value("FILE", "file")
LOCATION = Value("NAME|UUID", "location")
ORDER = Value("ID", "order")
PRODUCT = Value("ID", "product")
JOB = Value("ID", "job")
SKU = Value("SKU", "sku")
RUN = Value("RUN", "run")
PROFILE = Value("PROFILE", "profile")
