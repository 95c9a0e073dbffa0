"""Commands as processes."""

import sys
import time
from pathlib import Path
from threading import Event, Timer
from typing import Any

import pytest

from synq_cli.mcp.children import Children, environment


@pytest.fixture
def children(tmp_path: Path) -> Children:
    """Children in a folder with modules that must not take the place of synq's."""
    for name in ("json", "synq_cli", "typer"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(99)\n", encoding="utf-8")
    folders = {"SYNQ_CONFIG_DIR": str(tmp_path / "config"), "SYNQ_STATE_DIR": str(tmp_path / "state")}
    return Children({**folders, "PATH": ""}, tmp_path)


def run(children: Children, *words: str, **settings: Any) -> Any:
    given: dict[str, Any] = {"seconds": 60.0, "stop": Event(), "variables": {}}
    return children.run(words, **(given | settings))


def test_a_command_gets_its_input_and_its_variables_and_prints_apart(children: Children) -> None:
    given = '{"event":1}'
    done = run(children, "webhooks", "sign", "-", text=given, variables={"SYNQ_WEBHOOK_SECRET": "s" * 32})
    assert (done.status, done.too_long) == (0, False)
    assert done.out.strip()
    failed = run(children, "orders", "list", "--limit", "x", variables={"SYNQ_OUTPUT": "json"})
    assert (failed.status, failed.out) == (2, "")
    assert '"code":"usage"' in failed.err.replace(" ", "")


def test_one_that_prints_too_much_takes_too_long_or_is_not_wanted_is_killed(children: Children) -> None:
    much = run(children, "completion", "bash", most=1_000)
    assert (len(much.out), much.too_long) == (1_000, True)
    late = run(children, "sandbox", "serve", "--port", "0", seconds=0.2)
    assert (late.status, late.too_long) == (None, False)
    stop = Event()
    timer = Timer(0.1, stop.set)
    timer.start()
    assert run(children, "sandbox", "serve", "--port", "0", stop=stop).status is None
    timer.join()


@pytest.mark.skipif(sys.platform == "win32", reason="it has no signals")
def test_the_end_of_a_session_kills_what_runs(children: Children) -> None:
    timer = Timer(0.2, children.close)
    timer.start()
    assert run(children, "sandbox", "serve", "--port", "0").status == -9
    timer.join()


def test_a_command_to_keep_runs_on_when_the_time_is_up_and_the_session_ends(children: Children, tmp_path: Path) -> None:
    assert run(children, "sandbox", "init", seconds=0.0, keep=True).status is None
    children.close()
    until = time.monotonic() + 30
    while not list(tmp_path.glob("state/sandbox.sqlite3")) and time.monotonic() < until:
        time.sleep(0.02)
    assert list(tmp_path.glob("state/sandbox.sqlite3"))


def test_commands_get_the_variables_that_synq_needs_and_no_others() -> None:
    needed = {
        "PATH": "/bin", "HOME": "/home/ailsa", "LC_ALL": "C.UTF-8", "https_proxy": "http://proxy.example",
        "NO_PROXY": "x.example", "SSL_CERT_FILE": "/ca.pem", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/bus",
        "PYTHON_KEYRING_BACKEND": "x", "XDG_STATE_HOME": "/state", "SYNQ_TOKEN": "t", "SYNQ_READ_ONLY": "1",
        "SystemRoot": "C:", "PGSSLROOTCERT": "/ca.pem",
    }  # fmt: skip
    others = {"AWS_SECRET_ACCESS_KEY": "s", "GITHUB_TOKEN": "t", "DB": "postgresql://x", "LD_PRELOAD": "x.so"}
    never = {"SYNQ_DEBUG": "1", "SYNQ_OUTPUT": "csv", "SYNQ_PROFILE": "x", "SYNQ_WEBHOOK_SECRET": "s"}
    given = needed | others | never
    assert environment(given) == needed
    assert environment(given, "DB") == needed | {"DB": "postgresql://x"}
    assert environment(given, whole=True) == needed | others
