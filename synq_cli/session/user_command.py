"""User-defined commands that print a secret: those of token_command and team_store."""

from collections.abc import Callable, Mapping

from synq_cli.deadline import terminal_kept

# Seconds. On a terminal, where a command can prompt, it may take this many times as long.
LIMIT = 30.0
_PATIENCE = 10
LONGEST_QUOTE = 500


class CommandError(Exception):
    """The command could not be run, failed, or timed out; the text names the command."""


def run_command(
    command: str,
    setting: str,
    *,
    environ: Mapping[str, str],
    terminal: bool,
    mask: Callable[[str], str],
    limit: float = LIMIT,
) -> str:
    """Run the command of a setting without a shell, and return its output; CommandError if it fails.

    On a terminal, where the command may prompt, it has ten times as long and shows its stderr; otherwise an error
    quotes stderr, masked.
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
