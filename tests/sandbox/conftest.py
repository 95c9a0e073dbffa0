"""A fresh tenant, its clock and a client that is signed in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from falcon import testing

import synq_cli
from synq_cli.sandbox import store
from synq_cli.sandbox.app import create_app
from synq_cli.sandbox.identity import issue_token
from synq_cli.sandbox.seed import DEFAULT_SEED


class Clock:
    """A clock that stands still until it is told to move."""

    def __init__(self, at: float) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock(1_763_640_000.0)


@pytest.fixture
def database(tmp_path: Path, clock: Clock) -> Path:
    path = tmp_path / "sandbox.sqlite3"
    store.create(path, DEFAULT_SEED, clock())
    return path


@pytest.fixture
def bearer(database: Path, clock: Clock) -> Callable[..., dict[str, str]]:
    """Makes the header for a token; takes what issue_token takes."""

    def header(**options: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {issue_token(database, now=clock, **options)}"}

    return header


@pytest.fixture
def client(database: Path, clock: Clock, bearer: Callable[..., dict[str, str]]) -> testing.TestClient:
    return testing.TestClient(create_app(database, clock), headers=bearer())


@pytest.fixture
def anyone(database: Path, clock: Clock) -> testing.TestClient:
    """A client without a token."""
    return testing.TestClient(create_app(database, clock))


@pytest.fixture(scope="session")
def contract_file() -> Path:
    return Path(synq_cli.__file__).with_name("api") / "openapi.yaml"


@pytest.fixture(scope="session")
def contract(contract_file: Path) -> dict[str, Any]:
    return yaml.safe_load(contract_file.read_text(encoding="utf-8"))
