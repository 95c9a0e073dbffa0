"""A client of a tenant on folders, a clock and a network of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from desk import TOKEN, Clock, Desk, Ear

from synq_cli.api.budget import Budget
from synq_cli.api.client import SynqClient
from synq_cli.api.index import LocalIndex
from synq_cli.session import settings
from synq_cli.session.memory import Memory
from synq_cli.session.profiles import Config
from synq_cli.session.session import Session
from synq_cli.session.tokens import TokenStore

# Made for these tests: signed by itself, for localhost, from 2020 to 2120. Nobody trusts it.
CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgoHobOHoMwZnb/1+M
con/XiDKRjeujPb0E1i5Vv8snlWhRANCAARIMe20qoDm2/4h5JhTMzV38r+tebPM
7huuq8S2GuWzFeriUBMWrQ1L786PbFq86UcYCtLFxCbHb30zr13JafTH
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBZjCCAQ2gAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEgx7bSqgObb/iHk
mFMzNXfyv615s8zuG66rxLYa5bMV6uJQExatDUvvzo9sWrzpRxgK0sXEJsdvfTOv
Xclp9MejTjBMMBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAPBgNVHRMBAf8E
BTADAQH/MB0GA1UdDgQWBBRgS+T/2KJVR1Ijwy4yuxB6s751MzAKBggqhkjOPQQD
AgNHADBEAiA8VJpCBbIFSzAe0ROOz4yCPcSmN3EZJ+OV6mQYzB9ivAIgSYMp0BkR
GGRnFr5aFvKCKM5dyYWdq7+75c4nqXuuhEo=
-----END CERTIFICATE-----
"""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """The file of that certificate."""
    file = tmp_path / "localhost.pem"
    file.write_text(CERTIFICATE, encoding="ascii")
    return file


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
        memory, told = Memory(lambda: tmp_path), list[str]()
        session = Session(
            resolved,
            {"SYNQ_TOKEN": token},
            TokenStore(tmp_path, None, memory=memory),
            config,
            sandbox_token=lambda: token,
            memory=memory,
            now=clock.now,
            lock_folder=lambda: tmp_path,
            tell=told.append,
        )
        budget = Budget(
            tmp_path / "budget.sqlite3",
            session.host,
            spender="test",
            profile=resolved.profile,
            now=clock.now,
            sleep=clock.sleep,
            jitter=lambda: 1.0,
            tell=told.append,
        )
        index = LocalIndex(tmp_path / "index.sqlite3", lambda: session.scope, clock.now, told.append)
        ear = Ear()
        network = httpx.MockTransport(http) if callable(http) else http
        api = SynqClient(
            session, budget, index, ear, http=network, now=clock.now, sleep=clock.sleep, jitter=lambda: 1.0
        )
        made.append(Desk(api, index, budget, clock, ear, told))
        return made[-1]

    yield make
    for each in made:
        each.api.transport.close()
        each.budget.close()
