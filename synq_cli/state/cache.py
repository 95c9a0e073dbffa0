"""A best-effort cache of small facts, in a JSON file beside the other state; losing it costs a lookup."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from synq_cli.errors import UsageError
from synq_cli.state.folders import replace_file, sole_writer

_LOCK_LIMIT = 1.0  # seconds; then the value is not worth the wait


class Cache:
    """JSON values by topic and name. `folder` is called when it is first needed; errors of the file are ignored."""

    def __init__(self, folder: Callable[[], Path], *, read_only: bool = False) -> None:
        self._folder = folder
        self._read_only = read_only

    def get(self, topic: str, name: str, default: Any = None) -> Any:
        """The value, or the default."""
        values = self._read().get(topic)
        return values.get(name, default) if isinstance(values, dict) else default

    def set(self, topic: str, name: str, value: Any) -> None:
        """Keep the value, unless the cache is read-only or has it already."""
        missing = object()
        if self._read_only or self.get(topic, name, missing) == value:
            return
        with suppress(UsageError), sole_writer(path := self._folder() / "memory.json", limit=_LOCK_LIMIT):
            topics = self._read()
            values = topics.get(topic)
            topics[topic] = (values if isinstance(values, dict) else {}) | {name: value}
            replace_file(path, json.dumps(topics))

    def _read(self) -> dict[str, Any]:
        try:
            topics = json.loads((self._folder() / "memory.json").read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError, UsageError):  # the last one if there is no home folder
            return {}
        return topics if isinstance(topics, dict) else {}
