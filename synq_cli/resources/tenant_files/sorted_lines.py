"""Sorts any number of lines by their keys in bounded memory."""

import heapq
import json
from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import IO, Self

# Characters that are sorted in memory; more are written to temporary files.
_MOST = 16_000_000

Line = tuple[str, str]


class SortedLines:
    """Collects keys and lines, then iterates over them, sorted by key and line. Closed as a context manager."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._size = 0
        self._lines: list[Line] = []
        self._files: list[IO[str]] = []
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.close()

    def add(self, key: str, line: str) -> None:
        """Add a line, which may hold any character."""
        self._lines.append((key, line))
        self._size += len(key) + len(line)
        if self._size > self._most:
            file = self._open.enter_context(_scratch())
            file.writelines(json.dumps(each) + "\n" for each in sorted(self._lines))
            self._files.append(file)
            self._lines, self._size = [], 0

    def __iter__(self) -> Iterator[Line]:
        return heapq.merge(*map(_read, self._files), sorted(self._lines))


def _scratch() -> IO[str]:
    return TemporaryFile("w+", encoding="ascii")


def _read(file: IO[str]) -> Iterator[Line]:
    file.seek(0)
    for text in file:
        key, line = json.loads(text)
        yield key, line
