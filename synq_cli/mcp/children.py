"""Commands of an agent as child processes, so that the server's own streams carry nothing but the protocol."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event, Lock, Thread
from typing import NamedTuple

from synq_cli.cli.event_command import kill_group

_STEP = 0.05
# What a command needs: where its files and libraries are, how the network is reached, and the keyring.
_PASSED = {
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "NO_COLOR"),
    *("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "HTTP_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"),
    *("APPDATA", "COMSPEC", "LOCALAPPDATA", "PATHEXT", "SYSTEMDRIVE", "SYSTEMROOT", "TEMP", "TMP"),
    *("USERDOMAIN", "USERNAME", "USERPROFILE", "WINDIR"),
}
_PASSED_FAMILIES = ("SYNQ_", "LC_", "XDG_", "PYTHON", "KEYRING_", "PG")
# Those that would be in the way of the output, are set by the server, or are of no use to an agent.
_NOT_PASSED = {"SYNQ_DEBUG", "SYNQ_OUTPUT", "SYNQ_PROFILE", "SYNQ_WEBHOOK_SECRET"}
_MOST_STDERR = 100_000


class Finished(NamedTuple):
    """What a command left: its exit status, None if it was stopped or still runs, and its output."""

    status: int | None
    out: str
    err: str
    too_long: bool = False


def environment(environ: Mapping[str, str], *more: str, whole: bool = False) -> dict[str, str]:
    """The variables that commands of an agent get: those that synq needs and `more`, or, if `whole`, nearly all."""

    def is_passed(name: str) -> bool:
        upper = name.upper()
        return name in more or whole or upper in _PASSED or upper.startswith(_PASSED_FAMILIES)

    return {name: value for name, value in environ.items() if is_passed(name) and name not in _NOT_PASSED}


class Children:
    """Starts commands with this interpreter, in `folder`. Thread-safe."""

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        self._environ = environ
        self._folder = folder
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = Lock()

    def run(
        self,
        words: Sequence[str],
        *,
        seconds: float,
        stop: Event,
        variables: Mapping[str, str],
        text: str = "",
        most: int = 10_000_000,
        keep: bool = False,
    ) -> Finished:
        """Run `synq` with these words and this text as standard input.

        A command that takes longer than `seconds`, prints more than `most` bytes or is to `stop` is killed with all
        its processes; with `keep` it runs on, and also outlives the server.
        """
        # Files, not pipes: nothing can block on them, also if the server ends first.
        with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
            given.write(text.encode("utf-8", "replace"))
            given.seek(0)
            process = subprocess.Popen(  # noqa: S603 this program, with words that were checked
                # -P: a module in the folder must not take the place of one of ours.
                [sys.executable, "-P", "-m", "synq_cli", *words],
                stdin=given,
                stdout=out,
                stderr=err,
                cwd=self._folder,
                env={**self._environ, **variables},
                start_new_session=True,
            )
            with self._lock:
                self._running |= set() if keep else {process}
            too_long, left = False, seconds
            try:
                while (status := _wait(process)) is None and left > 0 and not stop.is_set():
                    left -= _STEP
                    too_long = out.seek(0, 2) > most
                    if too_long and not keep:
                        break
            finally:
                with self._lock:
                    self._running.discard(process)
                if not keep:
                    kill_group(process)
                elif process.returncode is None:
                    Thread(target=process.wait, daemon=True).start()  # else its end would leave a zombie
            out.seek(0)
            err.seek(max(0, err.seek(0, 2) - _MOST_STDERR))
            printed = out.read(most + 1)
            return Finished(
                status,
                printed[:most].decode("utf-8", "replace"),
                err.read().decode("utf-8", "replace"),
                len(printed) > most,
            )

    def close(self) -> None:
        """Kill the commands that still run, except those to keep."""
        with self._lock:
            running, self._running = self._running, set()
        for process in running:
            kill_group(process)


def _wait(process: "subprocess.Popen[bytes]") -> int | None:
    try:
        return process.wait(_STEP)
    except subprocess.TimeoutExpired:
        return None
