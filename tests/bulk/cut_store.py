"""A team store whose connection is cut when a test says so."""

from collections.abc import Callable
from typing import Any

from synq_cli.state.team.store import TeamOutcomeUnknownError, TeamStore, TeamStoreError


class CutStore(TeamStore):
    """`cut` tells before each transaction whether it is lost `before` its commit, or only its answer, `after` it."""

    def __init__(self, address: str, cut: Callable[[], str]) -> None:
        super().__init__(lambda: address, timeout=10, secrets=[])
        self.cut = cut

    def transact(self, work: Callable[..., Any], **options: Any) -> Any:
        where = self.cut()
        if where == "before":
            raise self._lost(TeamStoreError)
        result = super().transact(work, **options)
        if where == "after":
            raise self._lost(TeamOutcomeUnknownError)
        return result

    def read(self, work: Callable[..., Any], **options: Any) -> Any:
        if self.cut() == "before":
            raise self._lost(TeamStoreError)
        return super().read(work, **options)

    def _lost(self, kind: type[TeamStoreError]) -> TeamStoreError:
        error = kind("The network was cut.")
        error.retryable = True
        return error
