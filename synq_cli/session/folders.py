"""Where synq keeps its configuration and its state."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from synq_cli.errors import UsageError

_OTHER_FOLDERS = "SYNQ_CONFIG_DIR and SYNQ_STATE_DIR name other folders."


def config_dir(environ: Mapping[str, str]) -> Path:
    """$SYNQ_CONFIG_DIR, else the platform's folder for configuration."""
    if named := environ.get("SYNQ_CONFIG_DIR"):
        return Path(named)
    if sys.platform == "linux":
        return _xdg(environ, "XDG_CONFIG_HOME", ".config")
    from platformdirs import user_config_path

    return user_config_path("synq", appauthor=False)


def state_dir(environ: Mapping[str, str]) -> Path:
    """$SYNQ_STATE_DIR, else the platform's folder for state."""
    if named := environ.get("SYNQ_STATE_DIR"):
        return Path(named)
    if sys.platform == "linux":
        return _xdg(environ, "XDG_STATE_HOME", ".local/state")
    from platformdirs import user_state_path

    return user_state_path("synq", appauthor=False)


def _xdg(environ: Mapping[str, str], variable: str, fallback: str) -> Path:
    """What platformdirs says on Linux, without the 4 ms that it takes to load; a relative path counts as none."""
    named = environ.get(variable, "").strip()
    return Path(named if named.startswith("/") else Path.home() / fallback) / "synq"


def documents_dir() -> Path:
    """The user's documents, in which PowerShell keeps its profile on Windows."""
    from platformdirs import user_documents_path

    return user_documents_path()


def private_folder(path: Path) -> Path:
    """The folder, made for its owner alone if it is not there; UsageError if it can't be."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"The folder {path} can't be made: {error.strerror}.",
            hint=_OTHER_FOLDERS,
        ) from None
    return path


@contextmanager
def sole_writer(path: Path, *, limit: float = 10.0) -> Iterator[None]:
    """Hold off every other synq that would change this file, in a folder of the user's own.

    UsageError if the folder can't be written to, or if another synq holds the file for `limit` seconds.
    """
    from filelock import FileLock, Timeout

    private_folder(path.parent)
    lock = FileLock(path.with_suffix(".lock"), timeout=limit, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise UsageError(
            f"Another synq has held {path} for {limit:g} seconds; nothing was changed.",
            hint="Wait for it, or end it, and try again.",
        ) from None
    except OSError as error:
        raise UsageError(f"{path} can't be locked: {error.strerror}.", hint=_OTHER_FOLDERS) from None
    try:
        yield
    finally:
        lock.release()


def replace_file(path: Path, text: str, *, mode: int = 0o600, hint: str = _OTHER_FOLDERS) -> None:
    """Write the file all at once: a reader sees the old text or the new. By default it is for its owner alone.

    A link stays a link; what it points to is replaced. UsageError, with the hint, if it can't be written.
    """
    target = path.resolve()
    fresh = target.with_suffix(f".{os.getpid()}.new")
    try:
        fresh.unlink(missing_ok=True)  # what a crash left there may be open to others
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())  # else a power cut may leave an empty file under the old name
            if mode != 0o600:
                fresh.chmod(mode)
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}.", hint=hint) from None
