"""The keyring with a real Secret Service, each call from a new process."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from secret_service import secret_service

WITH_STORE = """
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from synq_cli.errors import AuthError
from synq_cli.state.cache import Cache
from synq_cli.session.tokens.stores import TokenStore

folder = Path(sys.argv[1])
store = TokenStore(folder, cache=Cache(lambda: folder), lock_folder=lambda: folder, note=print)
try:
    exec(sys.argv[2])
except AuthError as error:
    print(error.message)
print("loaded " + ",".join(sorted(name for name in sys.modules if name.startswith("keyring.backends."))))
"""
SECRET_SERVICE = "keyring.backends.SecretService"


def looked(environ: dict[str, str], folder: Path, code: str) -> tuple[list[str], set[str]]:
    """What the code printed, and the backends that were loaded for it."""
    done = subprocess.run(
        [sys.executable, "-c", WITH_STORE, str(folder), code],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    *lines, loaded = done.stdout.splitlines()
    return lines, set(loaded.removeprefix("loaded ").split(","))


def test_tokens_are_stored_read_and_deleted(keyring_session: dict[str, str], tmp_path: Path) -> None:
    token = "x" * 5000
    assert looked(keyring_session, tmp_path, f"store.write('kept', '{token}', 'keyring')")[0] == []
    used = "print(store.read('kept', 'keyring'), store.backend(), store.delete_profile('kept', 'keyring'))"
    assert looked(keyring_session, tmp_path, used)[0] == [f"{token} SecretService Keyring True"]
    gone = "print(store.read('kept', 'keyring'), store.delete_profile('kept', 'keyring'))"
    assert looked(keyring_session, tmp_path, gone)[0] == ["None False"]


def test_backend_is_cached_unless_it_is_gone_or_another_is_configured(
    keyring_session: dict[str, str], tmp_path: Path
) -> None:
    read = "print(store.read('acme', 'keyring'))"
    _, first = looked(keyring_session, tmp_path, read)
    assert len(first) > 4  # every backend of the library
    cached = json.loads((tmp_path / "memory.json").read_text(encoding="utf-8"))
    assert cached == {"keyring": {"backend": f"{SECRET_SERVICE}.Keyring"}}
    _, second = looked(keyring_session, tmp_path, read)
    assert second == {SECRET_SERVICE, "keyring.backends.fail"}  # the library itself loads the second
    said, loaded = looked({"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/nowhere"}, tmp_path, read)
    assert (said, len(loaded) > 4) == (["This machine has no keyring that synq can use."], True)
    assert looked(keyring_session, tmp_path, read)[0] == ["None"]
    null = keyring_session | {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    said, _ = looked(null, tmp_path, read)
    assert said == ["The keyring is disabled (null backend); it would store nothing."]


LOCKED = """
import secretstorage
store.write('acme', 'token', 'keyring')
secretstorage.get_default_collection(secretstorage.dbus_init()).lock()
store.read('acme', 'keyring')
"""


def test_a_locked_keyring_says_so(tmp_path: Path) -> None:
    with secret_service() as locked:
        said, _ = looked(locked, tmp_path, LOCKED)
    assert said == ["The keyring is locked. Unlock it and try again."]


@contextmanager
def stopped(environ: dict[str, str]) -> Iterator[None]:
    """Stop the service, which then answers nobody."""
    from jeepney import DBusAddress, new_method_call
    from jeepney.io.blocking import open_dbus_connection

    bus = DBusAddress("/", bus_name="org.freedesktop.DBus", interface="org.freedesktop.DBus")
    asked = new_method_call(bus, "GetConnectionUnixProcessID", "s", ("org.freedesktop.secrets",))
    with open_dbus_connection(environ["DBUS_SESSION_BUS_ADDRESS"]) as connection:
        (service,) = connection.send_and_get_reply(asked).body
    os.kill(service, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(service, signal.SIGCONT)


def test_service_that_hangs_does_not_block_the_run(keyring_session: dict[str, str], tmp_path: Path) -> None:
    looked(keyring_session, tmp_path, "store.write('hangs', 'token', 'keyring')")
    with stopped(keyring_session):
        said, _ = looked(keyring_session, tmp_path, "store.limit = 0.5; store.read('hangs', 'keyring')")
    assert said == ["The keyring did not respond within 0.5 seconds; it may be locked."]


def test_service_that_is_slow_is_waited_for(keyring_session: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("profiles: {slow: {location: Leith}}\n", encoding="utf-8")
    environ = {"PATH": os.environ["PATH"], "SYNQ_CONFIG_DIR": str(tmp_path), "SYNQ_STATE_DIR": str(tmp_path)}
    looked(keyring_session, tmp_path, "store.write('slow', 'token', 'keyring')")
    with stopped(keyring_session):
        line = [sys.executable, "-m", "synq_cli", "auth", "token", "-p", "slow"]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        together = [subprocess.Popen(line, env=environ | keyring_session, **pipes) for _ in range(3)]
        notes = [process.stderr.readline() for process in together if process.stderr]
    ends = [(*process.communicate(timeout=60), process.returncode) for process in together]
    assert notes == ["Waiting for the keyring, up to 60 s. If it asks for its password, enter it there.\n"] * 3
    assert ends == [("token\n", "", 0)] * 3
