"""`synq auth`: log in, see who you are, switch tenants, log out."""

from typing import Annotated

import typer

from synq_cli.cli.lazy_groups import Noun
from synq_cli.cli.login import Login, all_logins, chosen_profile
from synq_cli.cli.options import invocation
from synq_cli.cli.values import PROFILE
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import flag, state, timestamp
from synq_cli.session import profiles

group = Noun("Log in, switch tenants, log out.")

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
def log_in(
    ctx: typer.Context,
    with_token: Annotated[bool, typer.Option("--with-token", help="Read the token from standard input.")] = False,
    insecure_storage: Annotated[
        bool, typer.Option("--insecure-storage", help="Keep the token in a file (0600) instead of the keyring.")
    ] = False,
    token_command: Annotated[
        str | None, typer.Option("--token-command", metavar="COMMAND", help="A program that prints a fresh token.")
    ] = None,
    token_url: Annotated[
        str | None, typer.Option("--token-url", metavar="URL", help="Where an OAuth 2 refresh token is renewed.")
    ] = None,
    client_id: Annotated[
        str | None, typer.Option("--client-id", metavar="ID", help="The client that the refresh token belongs to.")
    ] = None,
) -> None:
    """Log in to a tenant.

    Asks for the token (dashboard: Settings, Organization, API Credentials) without showing it, calls the API
    once to prove it, and keeps it in the operating system's keyring. There is no option that takes the token itself:
    command lines can be read by others.

    Tokens live an hour. A login renews itself if the profile says how; on a terminal you are asked. Either a command
    of yours prints a fresh token (--token-command; it is run without a shell and has 30 seconds), or an OAuth 2
    refresh token is sent to its --token-url; that token is asked for, or piped in with --with-token, and kept beside
    the other. The renewal happens five minutes before the end, or when the API refuses the token, once for all synq
    processes; if it fails, what is stored stays.

    Examples:
      synq auth login
      synq auth login --profile acme
      pass show synq/acme | synq auth login --profile acme --with-token
      synq auth login --profile acme --token-command "pass show synq/acme"
      synq auth login --profile acme --token-url https://login.example.com/oauth/token --client-id synq
    """
    run = invocation(ctx)
    run.refuse_for_sandbox("The sandbox needs no login; it has tokens of its own.")
    login = Login(run, "file" if insecure_storage else "keyring", from_stdin=with_token)
    login.begin(command=token_command, token_url=token_url, client_id=client_id)
    run.api.channels.list()  # proves the token: open to every role
    login.keep()
    run.output.record(run.session.describe(), STATUS)


@group.command("status")
def show_status(
    ctx: typer.Context, every: Annotated[bool, typer.Option("--all", help="The login of every profile.")] = False
) -> None:
    """Show who you are logged in as.

    Tenant, organization, role and expiry are what the token said when it was last read: nothing is sent, and the
    keyring is left alone. Also where the token is kept, how it is renewed, and what overrides the profile in this
    shell. With --all each profile is shown by itself, without what overrides it.

    Examples:
      synq auth status
      synq auth status --profile acme --json
      synq auth status --all
    """
    run = invocation(ctx)
    if every:
        run.output.rows(all_logins(run), STATUS, empty="No profiles yet; `synq auth login` makes one.")
        return
    run.session.check_login()
    run.output.record(run.session.describe(), STATUS)


@group.command("refresh")
def refresh_token(ctx: typer.Context) -> None:
    """Renew the token now.

    The way the profile says: with its token_command, or its OAuth 2 refresh token. Commands do this by themselves
    five minutes before a token ends.

    Examples:
      synq auth refresh
      synq auth refresh --profile acme --json
    """
    run = invocation(ctx)
    run.refuse_for_sandbox("The sandbox makes its tokens itself; there is nothing to renew.")
    run.session.renew_now()
    run.output.record(run.session.describe(), STATUS)


@group.command("token")
def print_token(ctx: typer.Context) -> None:
    """Print the token, for other tools.

    It is a secret: let it flow into another program, not onto a screen. One that is about to end is renewed first,
    if the profile says how.

    Examples:
      curl -H "Authorization: Bearer $(synq auth token)" https://api.synq.io/api/v1/channels
      SYNQ_TOKEN="$(synq auth token --profile acme)" ./nightly.sh
    """
    run = invocation(ctx)
    run.session.keep_fresh()
    run.output.value(run.session.credentials.token)


@group.command("switch")
def switch_profile(
    ctx: typer.Context,
    named: Annotated[
        str | None, typer.Argument(metavar=PROFILE, help="An existing profile; on a terminal you can pick one.")
    ] = None,
) -> None:
    """Choose the profile used by default.

    SYNQ_PROFILE, --profile and a .synq.yaml go before it. A .synq.yaml names the profile (`profile: acme`) for the
    folder it lies in and all below; it can hold nothing else.

    Examples:
      synq auth switch
      synq auth switch acme
    """
    run = invocation(ctx)
    name = chosen_profile(run, named)
    profiles.change(run.config.path, lambda config: config.update(current_profile=name))
    run.output.done(f"Using profile {name} from now on.")
    if run.settings.profile != name and run.settings.sources["profile"] not in {"auth switch", "default"}:
        run.output.warn(f"Here {run.settings.sources['profile']} still says {run.settings.profile}.")


@group.command("logout")
def log_out(ctx: typer.Context) -> None:
    """Forget the token of a profile.

    Removes it from where the profile keeps it, and with it a refresh token, a webhook secret and the way the token
    was renewed. The profile's other settings stay.

    Examples:
      synq auth logout --profile acme
      synq auth logout
    """
    run = invocation(ctx)
    run.refuse_for_sandbox("The sandbox has no login to forget.")
    profile = profiles.existing(run.config, run.settings.profile)
    had = run.session.forget_login()
    run.output.done(f"Forgot the token of profile {profile}." if had else f"Profile {profile} had no token.")
