"""A clock that stands still, and what was told."""

from dataclasses import dataclass

import pytest


@dataclass
class Clock:
    at: float = 1_795_521_600.0  # 2026-11-24T12:00:00Z

    def now(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> list[str]:
    return []
