"""A client of a tenant on folders, a clock and a network of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from desk import TOKEN, Clock, Desk, Ear
from runner import tokens_in

from synq_cli.http.client import HttpClient
from synq_cli.http.rate_limit import Budget, SharedFile
from synq_cli.resources.client import SynqClient
from synq_cli.resources.shared.resource import Api
from synq_cli.session import settings
from synq_cli.session.profiles import Config
from synq_cli.session.session import Session
from synq_cli.state.cache import Cache
from synq_cli.state.id_cache import LocalIndex


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(tmp_path: Path, clock: Clock) -> Iterator[Callable[..., Desk]]:
    """Makes a client: `http` is its network, the rest what the command line would have said."""
    made: list[Desk] = []

    def make(
        http: httpx.BaseTransport | Callable[[httpx.Request], httpx.Response] | None = None,
        *,
        token: str = TOKEN,
        **options: Any,
    ) -> Desk:
        config = Config(tmp_path / "config.yaml")
        resolved = settings.resolve(options, {}, config)
        client = HttpClient(resolved.timeout, {}, httpx.MockTransport(http) if callable(http) else http)
        cache, told = Cache(lambda: tmp_path), list[str]()
        session = Session(
            resolved,
            {"SYNQ_TOKEN": token},
            tokens_in(tmp_path),
            config,
            sandbox_token=lambda: token,
            cache=cache,
            now=clock.now,
            lock_folder=lambda: tmp_path,
            warn=told.append,
            post_form=client.post_form,
        )
        budget = Budget(
            SharedFile(tmp_path / "budget.sqlite3", session.host, now=clock.now, warn=told.append),
            session.host,
            command="test",
            profile=resolved.profile,
            now=clock.now,
            sleep=clock.sleep,
            jitter=lambda: 1.0,
        )
        index = LocalIndex(tmp_path / "index.sqlite3", lambda: session.scope, clock.now, told.append)
        ear = Ear()
        api = Api(
            session, budget, index, ear, http=client, outside=client,
            now=clock.now, sleep=clock.sleep, jitter=lambda: 1.0,
        )  # fmt: skip
        made.append(Desk(SynqClient(api), index, budget, clock, ear, told))
        return made[-1]

    yield make
    for each in made:
        each.budget.close()
