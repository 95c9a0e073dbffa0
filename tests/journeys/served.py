"""The installed program, a tenant that it serves, and the environment that leads there."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any

from runner import Runner

SYNQ = str(Path(sys.executable).with_name("synq"))
LEITH = "Leith warehouse"
# The processes go by the real clock, so that is where their tenants begin.
STARTED = time.time()
MINUTE = 60.0


def own_environ(folder: Path) -> dict[str, str]:
    """An environment whose files are all in that folder, without a keyring."""
    return {
        "PATH": f"{Path(SYNQ).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "SYNQ_CONFIG_DIR": str(folder / "config"),
        "SYNQ_STATE_DIR": str(folder / "state"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }


@contextmanager
def started(*line: str, environ: dict[str, str], **streams: Any) -> Iterator[subprocess.Popen[str]]:
    """A process of synq, killed after a minute, so that no test waits longer for what it writes or for its end."""
    with subprocess.Popen([SYNQ, *line], env=environ, text=True, **streams) as process:
        timer = Timer(MINUTE, process.kill)
        timer.start()
        try:
            yield process
        finally:
            timer.cancel()
            process.kill()


@contextmanager
def served(folder: Path) -> Iterator[dict[str, str]]:
    """Serve a new tenant; gives the environment in which synq finds it."""
    synq, environ = Runner(folder, clock=STARTED), own_environ(folder)
    synq.seed_sandbox()
    token = synq("sandbox", "token").out.strip()
    with subprocess.Popen(
        [SYNQ, "sandbox", "serve", "--port", "0"], env=environ, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stderr is not None
            url = re.search(r"http://[\d.]+:\d+", server.stderr.readline())
            assert url
            yield environ | {"SYNQ_BASE_URL": url[0], "SYNQ_TOKEN": token}
            server.send_signal(signal.SIGINT)
            assert server.wait(20) == 0  # Ctrl-C is how it is meant to end
            assert "Traceback" not in server.stderr.read()
        finally:
            server.kill()
