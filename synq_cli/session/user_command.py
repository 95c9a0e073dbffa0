"""A command of the user's own that prints a secret: the token_command, or that of the team store."""

from collections.abc import Callable, Mapping

from synq_cli.deadline import terminal_kept

# Seconds. How many times as long a command may take that can ask a person for something.
LIMIT = 30.0
_PATIENCE = 10
LONGEST_QUOTE = 500


class CommandError(Exception):
    """The command could not be run, failed, or did not end in time; the text says so, with the name of the command."""


def run_command(
    command: str,
    setting: str,
    *,
    environ: Mapping[str, str],
    terminal: bool,
    mask: Callable[[str], str],
    limit: float = LIMIT,
) -> str:
    """What the command of this setting prints, run without a shell; CommandError if it fails.

    On a terminal, where it may ask a person for something, it has ten times as long and shows its stderr; elsewhere an
    error quotes it, masked.
    """
    import shlex
    import subprocess

    words = shlex.split(command)
    name = f"the {setting} ({words[0]})"
    limit = limit * _PATIENCE if terminal else limit
    try:
        with terminal_kept():  # a command that is killed can't do it
            done = subprocess.run(  # noqa: S603 the user's own command, from the user's own profile
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=None if terminal else subprocess.PIPE,
                timeout=limit,
                env=dict(environ),
                check=False,
            )
    except subprocess.TimeoutExpired:
        raise CommandError(f"{name} did not finish within {limit:g} seconds") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its arguments contain a null character"
        raise CommandError(f"{name} can't be run: {reason}") from None
    if done.returncode:
        quote = mask((done.stderr or b"").decode("utf-8", "replace").strip())[-LONGEST_QUOTE:]
        raise CommandError(f"{name} failed with status {done.returncode}{quote and ': '}{quote}")
    return done.stdout.decode("utf-8", "replace")
