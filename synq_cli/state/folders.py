"""The folders of configuration and state, and how files in them are locked and written."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path

from synq_cli.errors import UsageError

_POLL = 0.05  # seconds
_BEYOND = 2**31 - 2  # a byte that no file of rows has
OTHER_FOLDERS = "To use other folders, set SYNQ_CONFIG_DIR and SYNQ_STATE_DIR."


def config_dir(environ: Mapping[str, str]) -> Path:
    """$SYNQ_CONFIG_DIR, else the platform's folder for configuration; UsageError if there is no home folder.

    platformdirs reads XDG_CONFIG_HOME, HOME and APPDATA from the environment of the process, not from `environ`.
    """
    return _named_folder(environ, "SYNQ_CONFIG_DIR", "user_config_path")


def state_dir(environ: Mapping[str, str]) -> Path:
    """$SYNQ_STATE_DIR, else the platform's folder for state, found in the same way."""
    return _named_folder(environ, "SYNQ_STATE_DIR", "user_state_path")


def _named_folder(environ: Mapping[str, str], variable: str, function: str) -> Path:
    if named := environ.get(variable):
        return Path(named)
    import platformdirs

    try:
        folder: Path = getattr(platformdirs, function)("synq", appauthor=False)
    except RuntimeError as error:
        raise UsageError(f"The home folder is unknown: {error}.", hint=OTHER_FOLDERS) from None
    return folder


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def give_to_owner(descriptor: int, of: Path) -> None:
    """Give a new file of root's to the owner of the file it replaces or of its folder, whom sudo would lock out."""
    if _is_root():
        with suppress(OSError):  # root in a container may not give to a user outside it
            owner = of.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)


def another_users(folder: Path) -> bool:
    """Whether this process is root's, as with `sudo`, and the folder, which exists, another user's."""
    try:
        return _is_root() and folder.stat().st_uid != 0
    except OSError:
        return False


def documents_dir() -> Path:
    """The user's documents, in which PowerShell keeps its profile on Windows."""
    from platformdirs import user_documents_path

    return user_documents_path()


def private_folder(path: Path) -> Path:
    """The folder, created for its owner alone if it is missing; UsageError if it can't be."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"The folder {path} can't be created: {error.strerror}.", hint=OTHER_FOLDERS) from None
    return path


@contextmanager
def sole_writer(path: Path, *, limit: float = 10.0) -> Iterator[None]:
    """Keep other synq processes from changing this file, in a private folder.

    What a killed process left half written is deleted in the end, since it may hold secrets. UsageError if the folder
    can't be written to, or if another process keeps the lock for `limit` seconds.
    """
    from filelock import FileLock, Timeout

    private_folder(path.parent)
    try:
        lock = FileLock(path.with_suffix(".lock"), timeout=limit, mode=0o600).acquire()
    except Timeout:
        raise UsageError(
            f"Another synq process has locked {path} for {limit:g} seconds; nothing was changed.",
            hint="Wait for it or stop it, and try again.",
        ) from None
    except OSError as error:
        raise UsageError(f"{path} can't be locked: {error.strerror}.", hint=OTHER_FOLDERS) from None
    with lock:
        yield
        target = path.resolve()
        for unfinished in target.parent.glob(f"{escape(target.name)}.[0-9]*.new"):
            with suppress(OSError):
                unfinished.unlink()


@contextmanager
def one_at_a_time(folder: Callable[[], Path], name: str, limit: float) -> Iterator[None]:
    """Wait until no other process is in such a block with the same file, but at most `limit` seconds.

    Best effort: without a folder that can be written to, nothing is waited for.
    """
    # Not filelock, whose import takes longer than all the rest of a quick run that reads the keyring.
    descriptor = None
    if sys.platform != "win32":  # whose keyring asks for no password
        import fcntl

        with suppress(OSError, UsageError):
            descriptor = os.open(folder() / name, os.O_RDWR | os.O_CREAT, 0o600)
            for _ in range(round(limit / _POLL)):
                with suppress(BlockingIOError):
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                time.sleep(_POLL)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def lock_open_file(descriptor: int) -> bool:
    """Lock a file against other processes until it is closed; False if one of them has locked it.

    On a file system without locks nothing is locked.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            at = os.lseek(descriptor, 0, os.SEEK_CUR)
            os.lseek(descriptor, _BEYOND, os.SEEK_SET)  # others may read it
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            os.lseek(descriptor, at, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        pass
    return True


def flush_file(descriptor: int) -> None:
    """Flush an open file to the disk; OSError if that fails."""
    if sys.platform == "darwin":
        import fcntl

        with suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # else macOS flushes only to the drive's cache
    os.fsync(descriptor)


def flush_folder(folder: Path) -> None:
    """Flush a folder to the disk, so that a power cut does not take a new file from it."""
    if sys.platform != "win32":  # which does so by itself, and opens no folders
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def replace_file(
    path: Path, content: str | bytes | Iterable[str], *, mode: int | None = 0o600, hint: str | None = OTHER_FOLDERS
) -> None:
    """Replace the file atomically: a reader sees the old content or the new, which may come in pieces.

    By default only its owner, who stays the same, may read it; without a mode the umask decides. Of a symbolic link the
    target is replaced.
    UsageError, with the hint, if it can't be written.
    """
    try:
        target = path.resolve()  # fails if the working folder was deleted
        fresh = target.with_name(f"{target.name}.{os.getpid()}.new")
        fresh.unlink(missing_ok=True)  # one that a crash left may be readable by others
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else 0o600)
            with os.fdopen(descriptor, "wb") as file:
                give_to_owner(descriptor, target if target.exists() else target.parent)
                for piece in [content] if isinstance(content, str | bytes) else content:
                    file.write(piece.encode(errors="surrogateescape") if isinstance(piece, str) else piece)
                file.flush()
                os.fsync(file.fileno())  # else a power cut may leave an empty file under the old name
            if mode is not None and mode != 0o600:
                fresh.chmod(mode)
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}.", hint=hint) from None
    except RuntimeError:  # of resolve(), before Python 3.13
        raise UsageError(f"{path} can't be written: it is a symbolic link to itself.", hint=hint) from None
