"""Shards of a file, each sent by one machine: `--shard 2/4`."""

import re
from dataclasses import dataclass

from synq_cli.bulk.journal import hash_of
from synq_cli.errors import UsageError

_MOST = 1000


@dataclass(frozen=True)
class Shard:
    """Shard `number` of `of`: the rows whose key in lowercase has a hash of `number` - 1 modulo `of`.

    The hash is the first eight bytes of the SHA-256 of the key, as a big-endian number, so every machine and every
    version of synq divides a file in the same way.
    """

    number: int
    of: int

    @classmethod
    def parse(cls, text: str | None) -> "Shard | None":
        """Parse a text such as `2/4`; None for None. UsageError if it is invalid."""
        if text is None:
            return None
        found = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text.strip(), re.ASCII)
        number, of = (int(found[1]), int(found[2])) if found else (0, 0)
        if not 1 <= number <= of <= _MOST:
            raise UsageError(
                f'Invalid shard "{text}": use I/N, such as 2/4, where I is from 1 to N and N is at most {_MOST:,}.'
            )
        return cls(number, of)

    def has(self, key: str) -> bool:
        """Whether the rows with this key are in this shard."""
        return int.from_bytes(hash_of(key.lower())) % self.of == self.number - 1

    def is_apart_from(self, other: "Shard | None") -> bool:
        """Whether the shards have no row in common."""
        return other is not None and other.of == self.of and other.number != self.number

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def words(self) -> str:
        """The shard in words."""
        return f"shard {self.number} of {self.of}"
