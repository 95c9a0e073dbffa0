"""What the tests share: a run of synq in process, on a system of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from runner import Runner
from secret_service import secret_service


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
