"""A real Secret Service for the tests: gnome-keyring in a private D-Bus session; conftest.py hands it out."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "secret-service.sh"
_TELL = 'echo "$DBUS_SESSION_BUS_ADDRESS"; exec cat'


@contextmanager
def secret_service() -> Iterator[dict[str, str]]:
    """The environment of its session; skips where it can't be installed, unless SYNQ_TEST_SECRET_SERVICE demands it."""
    missing = [name for name in ("dbus-run-session", "gnome-keyring-daemon") if shutil.which(name) is None]
    if missing:
        reason = f"{' and '.join(missing)} missing: sh scripts/secret-service.sh install"
        if os.environ.get("SYNQ_TEST_SECRET_SERVICE") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    line = ["sh", str(SCRIPT), "run", "sh", "-c", _TELL]
    with subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as session:
        assert session.stdout is not None
        yield {"DBUS_SESSION_BUS_ADDRESS": session.stdout.readline().strip()}
        assert session.stdin is not None
        session.stdin.close()  # ends it
