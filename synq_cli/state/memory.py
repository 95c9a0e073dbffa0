"""What this machine has found out for itself and could find out again: a small JSON file beside the budget."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from synq_cli.errors import UsageError
from synq_cli.state.folders import private_folder, replace_file


class Memory:
    """Facts by topic and name; `folder` is asked for when it is first needed. What can't be kept is not missed.

    Who must change nothing has a memory that `learns` nothing.
    """

    def __init__(self, folder: Callable[[], Path], *, learns: bool = True) -> None:
        self._folder = folder
        self._learns = learns

    def recall(self, topic: str, name: str, default: Any = None) -> Any:
        """The fact, or the default."""
        facts = self._facts().get(topic)
        return facts.get(name, default) if isinstance(facts, dict) else default

    def remember(self, topic: str, name: str, fact: Any) -> None:
        """Keep the fact, unless it is known already."""
        missing = object()
        if not self._learns or self.recall(topic, name, missing) == fact:
            return
        import json

        # Two processes at once may lose one of two facts; it will be found out again.
        facts = self._facts()
        known = facts.get(topic)
        facts[topic] = (known if isinstance(known, dict) else {}) | {name: fact}
        with suppress(UsageError):
            private_folder(self._folder())
            replace_file(self._path, json.dumps(facts))

    @property
    def _path(self) -> Path:
        return self._folder() / "memory.json"

    def _facts(self) -> dict[str, Any]:
        import json

        try:
            facts = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return facts if isinstance(facts, dict) else {}
