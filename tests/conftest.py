"""What the tests share: a run of synq in process, on a system of its own."""

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import settings
from postgresql import Postgresql, server
from runner import Runner
from secret_service import secret_service

# Everyday runs try the same few examples each time, however busy the machine; `make soak` searches further.
settings.register_profile("everyday", max_examples=15, deadline=None, derandomize=True)
settings.register_profile("soak", max_examples=2_000, deadline=None)
settings.load_profile("everyday")

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


def pytest_collection_finish() -> None:
    """Spare the garbage collector the modules and the tests, which stay to the end: a twentieth of the suite's time."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """The file of that certificate."""
    file = tmp_path / "localhost.pem"
    file.write_text(CERTIFICATE, encoding="ascii")
    return file


@pytest.fixture
def synq(tmp_path: Path) -> Runner:
    """A synq with empty folders of its own."""
    return Runner(tmp_path)


@pytest.fixture
def answering() -> Callable[..., tuple[httpx.MockTransport, list[httpx.Request]]]:
    """A transport that gives these replies one after the other, and the list of requests it saw."""

    def make(*replies: httpx.Response | Exception) -> tuple[httpx.MockTransport, list[httpx.Request]]:
        queue, seen = list(replies), []

        def handle(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            reply = queue.pop(0)
            if isinstance(reply, Exception):
                raise reply
            return reply

        return httpx.MockTransport(handle), seen

    return make


@pytest.fixture(scope="session")
def keyring_session() -> Iterator[dict[str, str]]:
    """The environment in which programs find a real Secret Service, with nothing in it but what tests put there."""
    with secret_service() as environ:
        yield environ


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    """A PostgreSQL server of this worker's own."""
    with server() as running:
        yield running
