"""Tables of cases that one test goes through: a test for each would take longer than the code that it calls."""

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import pytest


def cases(names: str | tuple[str, ...], table: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """As pytest.mark.parametrize, but the whole table is one test, which goes on to the end and shows what failed.

    Its cases share their fixtures: for code that leaves nothing behind.
    """
    names = names.replace(" ", "").split(",") if isinstance(names, str) else names
    rows = [dict(zip(names, row if len(names) > 1 else (row,), strict=True)) for row in table]

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def run(**fixtures: Any) -> None:
            failed: list[BaseException] = []
            for row in rows:
                try:
                    test(**fixtures, **row)
                except BaseException as error:
                    error.add_note(f"Case: {row}")
                    if not isinstance(error, (AssertionError, pytest.fail.Exception)):
                        raise
                    failed.append(error)
            if len(failed) == 1:
                raise failed[0]
            if failed:
                raise BaseExceptionGroup(f"{len(failed)} of {len(rows)} cases failed", failed)

        signature = inspect.signature(test)
        fixtures = [parameter for name, parameter in signature.parameters.items() if name not in names]
        run.__signature__ = signature.replace(parameters=fixtures)  # type: ignore[attr-defined]
        return run

    return decorate
