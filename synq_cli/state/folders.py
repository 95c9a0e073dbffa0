"""Where synq keeps its configuration and its state."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from synq_cli.errors import UsageError

_OTHER_FOLDERS = "SYNQ_CONFIG_DIR and SYNQ_STATE_DIR name other folders."


def config_dir(environ: Mapping[str, str]) -> Path:
    """$SYNQ_CONFIG_DIR, else the platform's folder for configuration; UsageError if there is no home folder.

    The platform's folder follows the environment of the process (XDG_CONFIG_HOME, HOME, APPDATA), which is what
    platformdirs reads; `environ` has the last word, as SYNQ_CONFIG_DIR.
    """
    if named := environ.get("SYNQ_CONFIG_DIR"):
        return Path(named)
    from platformdirs import user_config_path

    with _home_needed():
        return user_config_path("synq", appauthor=False)


def state_dir(environ: Mapping[str, str]) -> Path:
    """$SYNQ_STATE_DIR, else the platform's folder for state, found in the same way."""
    if named := environ.get("SYNQ_STATE_DIR"):
        return Path(named)
    from platformdirs import user_state_path

    with _home_needed():
        return user_state_path("synq", appauthor=False)


@contextmanager
def _home_needed() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise UsageError(f"The home folder is unknown: {error}.", hint=_OTHER_FOLDERS) from None


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


def replace_file(path: Path, text: str, *, mode: int | None = 0o600, hint: str | None = _OTHER_FOLDERS) -> None:
    """Write the file all at once: a reader sees the old text or the new.

    By default it is for its owner alone; without a mode the umask decides. A link stays a link; what it points to is
    replaced. UsageError, with the hint, if it can't be written.
    """
    target = path.resolve()
    fresh = target.with_name(f"{target.name}.{os.getpid()}.new")
    try:
        fresh.unlink(missing_ok=True)  # what a crash left there may be open to others
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())  # else a power cut may leave an empty file under the old name
            if mode is not None and mode != 0o600:
                fresh.chmod(mode)
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}.", hint=hint) from None
