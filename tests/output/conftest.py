"""Two streams in memory that may say they are terminals, and an Output on them."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from synq_cli.output.display import Output

NOW = 1_795_608_000.0  # 2026-11-25 12:00:00 UTC


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


class Screen:
    """An Output and what it has printed."""

    def __init__(self, *, tty: bool, err_tty: bool | None, environ: dict[str, str] | None, **settings: Any) -> None:
        self.stdout = Tty() if tty else io.StringIO()
        self.stderr = Tty() if (tty if err_tty is None else err_tty) else io.StringIO()
        settings = {"width": 140, **settings}
        self.output = Output(self.stdout, self.stderr, environ=environ or {}, now=lambda: NOW, **settings)

    @property
    def out(self) -> str:
        return self.stdout.getvalue()

    @property
    def err(self) -> str:
        return self.stderr.getvalue()


@pytest.fixture
def screen() -> Callable[..., Screen]:
    def build(
        *, tty: bool = False, err_tty: bool | None = None, environ: dict[str, str] | None = None, **settings: Any
    ) -> Screen:
        return Screen(tty=tty, err_tty=err_tty, environ=environ, **settings)

    return build
