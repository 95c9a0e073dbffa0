"""The connection string of the team store, from a variable or the output of a command."""

from collections.abc import Mapping, Sequence

from synq_cli.errors import UsageError
from synq_cli.session.user_command import CommandError, run_command

_SHOW = "`synq config get team_store` shows the setting."


def connection_string(setting: str, environ: Mapping[str, str], *, terminal: bool, secrets: Sequence[str]) -> str:
    """The connection string that the setting refers to; UsageError if there is none.

    Errors that quote the command's output mask the `secrets`; `terminal` says whether stderr is one.
    """
    if setting.startswith("$"):
        if found := environ.get(setting[1:]):
            return found
        raise UsageError(f"The variable {setting[1:]}, which team_store names, is not set.", hint=_SHOW)

    def mask(text: str) -> str:
        for secret in filter(None, secrets):
            text = text.replace(secret, "[secret]")
        return text

    try:
        return run_command(setting, "team_store", environ=environ, terminal=terminal, mask=mask)
    except CommandError as error:
        raise UsageError(f"The team store has no connection string: {error}.", hint=_SHOW) from None
