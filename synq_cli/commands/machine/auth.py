"""`synq auth`: log in, show the login, switch tenants, log out."""

from collections.abc import Iterator
from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import PROFILE
from synq_cli.cli.options import argument, option, switch
from synq_cli.errors import AuthError, UsageError
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import flag, state, timestamp
from synq_cli.output.prompts import ask, ask_secret
from synq_cli.session import profiles
from synq_cli.session.session import OVERRIDES
from synq_cli.session.settings import RENEWAL_SETTINGS, SANDBOX, parse_setting, resolve
from synq_cli.session.tokens.credentials import bare_token

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
_WAYS = (
    "Paste a token, which expires after an hour",
    "Run a command that prints a new token when one is needed",
    "Use an OAuth 2 refresh token and its token URL",
)
# Where the token URL can't be reached, refuses for now, or fails.
_RENEWAL_EXITS = (6, 7, 12)
_PIPE = "Pipe it in: synq auth login --with-token < token.txt"


@group.command("login", operations.LIST_CHANNELS)
def log_in(
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
    is a command of yours that prints a new token, run without a shell and with 30 seconds to finish; on a terminal,
    where it can ask you for something on stderr, with 5 minutes. --token-url is an OAuth 2 server that gives new
    tokens for a refresh token, which synq prompts for, or reads with --with-token, and stores. synq renews a token
    five minutes before it expires, or when the API refuses it. All synq processes share a renewal; if it fails, the
    stored tokens stay.

    Examples:
      synq auth login
      synq auth login --profile acme
      pass show synq/acme | synq auth login --profile acme --with-token
      synq auth login --profile acme --token-command "pass show synq/acme"
      synq auth login --profile acme --token-url https://login.example.com/oauth/token --client-id synq
    """
    run.refuse_sandbox("The sandbox needs no login.")
    if token_command is not None and (token_url is not None or with_token):
        raise UsageError("--token-command conflicts with --token-url and --with-token.", hint="Give one of them.")
    if client_id is not None and token_url is None:
        raise UsageError("--client-id requires --token-url.")
    if token_command is None and token_url is None and not with_token:
        token_command, token_url, client_id = _choose_renewal(run)
    values = zip(RENEWAL_SETTINGS, (token_command, token_url, client_id), strict=True)
    kept = {name: parse_setting(name, text) for name, text in values if text is not None}
    where = "file" if insecure_storage else "keyring"
    session, refresh_token = run.session, None
    renewal = session.renewal(run.settings._replace(**{**dict.fromkeys(RENEWAL_SETTINGS), **kept}), where)
    if token_command is not None:
        session.use(renewal.run_command(token_command), "the token_command")
    elif token_url is not None:
        typed = bare_token(_read_secret(run, "Refresh token", from_stdin=with_token))
        if not typed or not (typed.isascii() and typed.isprintable()):
            raise AuthError(
                "Invalid refresh token: it is empty, or contains line breaks or non-ASCII characters.",
                hint="Copy it again from where the server showed it.",
            )
        token, rotated = renewal.exchange(typed)
        refresh_token = rotated or typed
        session.use(token, token_url)
    else:
        token = _read_secret(run, "Token", from_stdin=with_token)
        session.use(token, "standard input" if with_token else "the prompt")
    run.api.channels.list()  # proves the token: open to every role
    session.save_login(where, kept, refresh_token)
    run.output.record(run.session.describe(), STATUS)
    _warn_of_variable(run)


@group.command("status")
def show_status(
    run: RunContext, every: Annotated[bool, switch("--all", "Show the login of every profile.")] = False
) -> None:
    """Show the current login.

    Shows the tenant, organization, role and expiry as of the last time that synq read the token, where the token is
    stored, how it is renewed, and which variables override the profile. It sends nothing and does not open the
    keyring. The exit status is 4 if you are not logged in, or if the token has expired and does not renew itself. --all
    shows every profile without these overrides.

    Examples:
      synq auth status
      synq auth status --profile acme --json
      synq auth status --all
    """
    if every:
        run.output.rows(_all_logins(run), STATUS, empty="There are no profiles. To create one, run `synq auth login`.")
        return
    run.session.check_login()
    run.output.record(run.session.describe(), STATUS)
    run.session.check_expiry()


@group.command("refresh", exits=_RENEWAL_EXITS)
def refresh_token(run: RunContext) -> None:
    """Renew the token now.

    Uses the profile's token_command or OAuth 2 refresh token. Other commands renew a token by themselves, five minutes
    before it expires.

    Examples:
      synq auth refresh
      synq auth refresh --profile acme --json
    """
    run.refuse_sandbox("The sandbox has no login to renew.")
    run.session.renew_now()
    run.output.record(run.session.describe(), STATUS)


@group.command("token", exits=_RENEWAL_EXITS)
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
    name = _choose_profile(run, named)
    profiles.change(run.config.path, lambda config: config.update(current_profile=name))
    run.output.note(f"Switched to profile {name}.")
    if run.settings.profile != name and run.settings.sources["profile"] not in {"auth switch", "default"}:
        run.output.warn(f"{run.settings.sources['profile']} overrides it here with {run.settings.profile}.")
    _warn_of_variable(run)


@group.command("logout")
def log_out(run: RunContext) -> None:
    """Log out of a profile.

    Deletes the profile's token, refresh token and webhook secret, from the keyring and from the file, and its renewal
    settings. The other settings stay.

    Examples:
      synq auth logout --profile acme
      synq auth logout
    """
    run.refuse_sandbox("The sandbox has no login.")
    profile = run.settings.profile
    had = run.session.forget_login()
    if not had:
        profiles.existing(run.config, profile)
    run.output.note(f"Logged out of profile {profile}." if had else f"Profile {profile} was not logged in.")
    _warn_of_variable(run)


def _warn_of_variable(run: RunContext) -> None:
    if run.system.environ.get("SYNQ_TOKEN"):
        run.output.warn("SYNQ_TOKEN is set: commands use its token, whatever the profile. Unset it to use a profile's.")


def _all_logins(run: RunContext) -> Iterator[dict[str, object]]:
    """The status of each profile's login by itself, and which variables override it in this run."""
    environ = {name: value for name, value in run.system.environ.items() if name not in OVERRIDES}
    overriding = [name for name in OVERRIDES if run.system.environ.get(name)]
    for name in run.config.profiles:
        session = run.session_for(resolve({"profile": name}, environ, run.config), environ)
        yield {**session.describe(in_use=name == run.settings.profile), "overridden_by": overriding}


def _choose_profile(run: RunContext, name: str | None) -> str:
    """The profile of this name, or the one a person picks; UsageError if unknown, RefusedError off a terminal."""
    if name is not None:
        return profiles.existing(run.config, name)
    names = list(dict.fromkeys([*run.config.profiles, SANDBOX]))
    choices = [_described(run, name) for name in names]
    hint = f"Run `synq auth switch PROFILE`. Profiles: {', '.join(names)}."
    typed = ask("Profile", choices=choices, stdin=run.system.stdin, stderr=run.system.stderr, hint=hint)
    if typed.isdecimal() and 0 < int(typed) <= len(names):
        return names[int(typed) - 1]
    return profiles.existing(run.config, typed) if typed else run.settings.profile


def _described(run: RunContext, name: str) -> str:
    """A profile with its tenant and environment, and whether it is in use."""
    kept = run.config.profiles.get(name, {})
    parts = [kept.get("tenant_id"), kept.get("environment"), "in use" if name == run.settings.profile else None]
    return f"{name}  {', '.join(str(part) for part in parts if part)}".rstrip()


def _choose_renewal(run: RunContext) -> tuple[str | None, str | None, str | None]:
    """The command, token URL and client id that a person enters; all None for a token that is pasted."""
    way = _ask(run, "How should synq get tokens for this login? [1]", _WAYS) or "1"
    if way == "1":
        return None, None, None
    if way == "2":
        return _ask(run, "Command"), None, None
    if way == "3":
        return None, _ask(run, "Token URL"), _ask(run, "Client id (optional)") or None
    # The answer is not repeated: it may be a token, pasted one question too early.
    raise UsageError(
        "Invalid choice. If you pasted a token, it is visible in this terminal: clear the screen.",
        hint="Press Enter, or type 1, 2 or 3. The next prompt asks for the token and hides it.",
    )


def _ask(run: RunContext, question: str, choices: tuple[str, ...] = ()) -> str:
    return ask(question, choices=choices, stdin=run.system.stdin, stderr=run.system.stderr, hint=_PIPE)


def _read_secret(run: RunContext, name: str, *, from_stdin: bool) -> str:
    if from_stdin and not run.system.stdin.isatty():  # what is typed there would be shown
        return run.system.read_text("-")
    return ask_secret(f"{name}: ", stdin=run.system.stdin, stderr=run.system.stderr, hint=_PIPE)
