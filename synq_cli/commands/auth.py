"""`synq auth`: log in, see who you are, switch tenants, log out."""

from typing import Annotated

import typer

from synq_cli.api.channels import LIST as LIST_CHANNELS
from synq_cli.lazy_group import Noun
from synq_cli.options import invocation
from synq_cli.output.columns import Column
from synq_cli.output.formats import timestamp
from synq_cli.session import profiles

group = Noun("Log in, switch tenants, log out.")

STATUS = [
    Column("Profile", "profile"),
    Column("API", "base_url"),
    Column("Tenant", "tenant_id"),
    Column("Organization", "org_id"),
    Column("Role", "role"),
    Column("Token from", "token_source"),
    Column("Expires", "expires_at", timestamp),
]


@group.command("login", LIST_CHANNELS)
def log_in(
    ctx: typer.Context,
    with_token: Annotated[bool, typer.Option("--with-token", help="Read the token from standard input.")] = False,
    insecure_storage: Annotated[
        bool, typer.Option("--insecure-storage", help="Keep the token in a file (0600) instead of the keyring.")
    ] = False,
) -> None:
    """Log in to a tenant.

    Asks for the token (dashboard: Settings, Organization, API Credentials) without showing it, calls the API
    once to prove it, and keeps it in the operating system's keyring. Tokens live an hour. There is no option
    that takes the token itself: command lines can be read by others.

    Examples:
      synq auth login
      synq auth login --profile acme
      pass show synq/acme | synq auth login --profile acme --with-token
    """
    run = invocation(ctx)
    run.refuse_for_sandbox("The sandbox needs no login; it has tokens of its own.")
    run.session.use(*run.entered_token(from_stdin=with_token))
    run.api.channels.list()  # proves the token: open to every role
    where = "file" if insecure_storage else "keyring"
    run.tokens.write(run.session.profile, run.session.credentials.token, where)
    profiles.change(run.config.path, run.session.keep_login(where))
    run.output.record(run.session.describe(), STATUS)


@group.command("status")
def show_status(ctx: typer.Context) -> None:
    """Show who you are logged in as.

    Tenant, organization, role and expiry are what the token says; nothing is sent.

    Examples:
      synq auth status
      synq auth status --profile acme --json
    """
    run = invocation(ctx)
    run.output.record(run.session.describe(), STATUS)


@group.command("token")
def print_token(ctx: typer.Context) -> None:
    """Print the token, for other tools.

    It is a secret: let it flow into another program, not onto a screen.

    Examples:
      curl -H "Authorization: Bearer $(synq auth token)" https://api.synq.io/api/v1/channels
    """
    run = invocation(ctx)
    run.output.value(run.session.credentials.token)


@group.command("switch")
def switch_profile(
    ctx: typer.Context, profile: Annotated[str, typer.Argument(metavar="PROFILE", help="An existing profile.")]
) -> None:
    """Choose the profile used by default.

    Examples:
      synq auth switch acme
    """
    run = invocation(ctx)
    name = profiles.existing(run.config, profile)
    profiles.change(run.config.path, lambda config: config.update(current_profile=name))
    run.output.done(f"Using profile {name} from now on.")


@group.command("logout")
def log_out(ctx: typer.Context) -> None:
    """Forget the token of a profile.

    Removes it from where the profile keeps it, and a kept webhook secret with it. The profile's settings stay.

    Examples:
      synq auth logout --profile acme
    """
    run = invocation(ctx)
    run.refuse_for_sandbox("The sandbox has no login to forget.")
    profile = profiles.existing(run.config, run.settings.profile)
    had = run.tokens.delete(profile, profiles.token_store(run.config, profile))
    run.output.done(f"Forgot the token of profile {profile}." if had else f"Profile {profile} had no token.")
