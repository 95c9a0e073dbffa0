"""The installed program, a tenant that it serves, and the environment that leads there."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner import Runner

SYNQ = str(Path(sys.executable).with_name("synq"))
LEITH = "Leith warehouse"
# The processes go by the real clock, so that is where their tenants begin.
STARTED = time.time()


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
def served(folder: Path) -> Iterator[dict[str, str]]:
    """Serve a new tenant; gives the environment in which synq finds it."""
    synq, environ = Runner(folder, clock=STARTED), own_environ(folder)
    synq.seed_sandbox()
    token = synq("sandbox", "token").out.strip()
    serving = [SYNQ, "sandbox", "serve", "--port", "0"]
    with subprocess.Popen(serving, env=environ, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            url = server.stderr.readline().split(" on ")[1].split(";")[0]
            yield environ | {"SYNQ_BASE_URL": url, "SYNQ_TOKEN": token}
            server.send_signal(signal.SIGINT)
            assert server.wait(20) == 0  # Ctrl-C is how it is meant to end
            assert "Traceback" not in server.stderr.read()
        finally:
            server.kill()
