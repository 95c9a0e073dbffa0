"""`synq auth`: log in, show the login, switch tenants, log out."""

from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.login import all_logins, choose_profile, log_in, refuse_sandbox
from synq_cli.cli.metavars import PROFILE
from synq_cli.cli.options import argument, option, switch
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import flag, state, timestamp
from synq_cli.session import profiles

group = CommandGroup()

STATUS = [
    Column("Profile", "profile"),
    Column("In use", "in_use", flag, drop=3),
    Column("Environment", "environment", state),
    Column("API", "base_url", drop=2),
    Column("Tenant", "tenant_id"),
    Column("Organization", "org_id", drop=1),
    Column("Role", "role"),
    Column("Token from", "token_source"),
    Column("Expires", "expires_at", timestamp),
    Column("Renewed by", "renews"),
    Column("Overridden by", "overridden_by"),
]


@group.command("login", operations.LIST_CHANNELS)
def log_in_command(
    run: RunContext,
    with_token: Annotated[bool, switch("--with-token", "Read the token from standard input.")] = False,
    insecure_storage: Annotated[
        bool, switch("--insecure-storage", "Store the token in a file (mode 0600), not in the keyring.")
    ] = False,
    token_command: Annotated[
        str | None, option("--token-command", "COMMAND", "Command that prints a new token.")
    ] = None,
    token_url: Annotated[
        str | None, option("--token-url", "URL", "Token URL of an OAuth 2 server, to use a refresh token.")
    ] = None,
    client_id: Annotated[str | None, option("--client-id", "ID", "Client id of the refresh token.")] = None,
) -> None:
    """Log in to a tenant.

    Prompts for the token (dashboard: Settings, Organization, API Credentials) without showing it, checks it with one
    request, and stores it in the keyring of the operating system. No option takes the token itself, since other users
    can read command lines.

    Tokens expire after an hour. synq can renew them in one of two ways; on a terminal it asks which. --token-command
    is a command of yours that prints a new token, run without a shell and with 30 seconds to finish. --token-url is
    an OAuth 2 server that gives new tokens for a refresh token, which synq prompts for, or reads with --with-token,
    and stores. synq renews a token five minutes before it expires, or when the API refuses it. All synq processes
    share a renewal; if it fails, the stored tokens stay.

    Examples:
      synq auth login
      synq auth login --profile acme
      pass show synq/acme | synq auth login --profile acme --with-token
      synq auth login --profile acme --token-command "pass show synq/acme"
      synq auth login --profile acme --token-url https://login.example.com/oauth/token --client-id synq
    """
    refuse_sandbox(run, "The sandbox needs no login.")
    where = "file" if insecure_storage else "keyring"
    log_in(run, where, from_stdin=with_token, command=token_command, token_url=token_url, client_id=client_id)
    run.output.record(run.session.describe(), STATUS)


@group.command("status")
def show_status(
    run: RunContext, every: Annotated[bool, switch("--all", "Show the login of every profile.")] = False
) -> None:
    """Show the current login.

    Shows the tenant, organization, role and expiry as of the last time that synq read the token, where the token is
    stored, how it is renewed, and which variables override the profile. It sends nothing and does not open the
    keyring. --all shows every profile without these overrides.

    Examples:
      synq auth status
      synq auth status --profile acme --json
      synq auth status --all
    """
    if every:
        run.output.rows(all_logins(run), STATUS, empty="There are no profiles. To create one, run `synq auth login`.")
        return
    run.session.check_login()
    run.output.record(run.session.describe(), STATUS)


@group.command("refresh")
def refresh_token(run: RunContext) -> None:
    """Renew the token now.

    Uses the profile's token_command or OAuth 2 refresh token. Other commands renew a token by themselves, five minutes
    before it expires.

    Examples:
      synq auth refresh
      synq auth refresh --profile acme --json
    """
    refuse_sandbox(run, "The sandbox has no login to renew.")
    run.session.renew_now()
    run.output.record(run.session.describe(), STATUS)


@group.command("token")
def print_token(run: RunContext) -> None:
    """Print the token, for other tools.

    The token is a secret: pass it to another program, do not show it. A token that is about to expire is renewed
    first, if the profile can renew it.

    Examples:
      curl -H "Authorization: Bearer $(synq auth token)" https://api.synq.io/api/v1/channels
      SYNQ_TOKEN="$(synq auth token --profile acme)" ./nightly.sh
    """
    run.session.keep_fresh()
    run.output.value(run.session.credentials.token)


@group.command("switch")
def switch_profile(
    run: RunContext,
    named: Annotated[str | None, argument(PROFILE, "Existing profile. [default: choose from a list]")] = None,
) -> None:
    """Choose the profile used by default.

    --profile, SYNQ_PROFILE and a .synq.yaml file override it. A .synq.yaml sets the profile (`profile: acme`) for its
    folder and subfolders, and nothing else.

    Examples:
      synq auth switch
      synq auth switch acme
    """
    name = choose_profile(run, named)
    profiles.change(run.config.path, lambda config: config.update(current_profile=name))
    run.output.note(f"Switched to profile {name}.")
    if run.settings.profile != name and run.settings.sources["profile"] not in {"auth switch", "default"}:
        run.output.warn(f"{run.settings.sources['profile']} overrides it here with {run.settings.profile}.")


@group.command("logout")
def log_out(run: RunContext) -> None:
    """Log out of a profile.

    Deletes the profile's token, refresh token, webhook secret and renewal settings. The other settings stay.

    Examples:
      synq auth logout --profile acme
      synq auth logout
    """
    refuse_sandbox(run, "The sandbox has no login.")
    profile = profiles.existing(run.config, run.settings.profile)
    had = run.session.forget_login()
    run.output.note(f"Logged out of profile {profile}." if had else f"Profile {profile} was not logged in.")
