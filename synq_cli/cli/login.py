"""Logging in: get a token, check it, store it and how it is renewed."""

from collections.abc import Iterator

from synq_cli.cli.context import RunContext
from synq_cli.errors import UsageError
from synq_cli.output.prompts import ask, ask_secret
from synq_cli.session import profiles
from synq_cli.session.session import OVERRIDES
from synq_cli.session.settings import RENEWAL_SETTINGS, SANDBOX, parse_setting, resolve

_WAYS = (
    "Paste a token; it expires after an hour",
    "Run a command that prints a new token when one is needed",
    "Use an OAuth 2 refresh token and its token URL",
)
_PIPE = "Pipe it in: synq auth login --with-token < token.txt"


def log_in(
    run: RunContext,
    where: str,
    *,
    from_stdin: bool,
    command: str | None,
    token_url: str | None,
    client_id: str | None,
) -> None:
    """Get a token as the options say, or as a person chooses, prove it with one request, and store it.

    `where` is "keyring" or "file". UsageError for options that conflict; AuthError if the API refuses the token.
    """
    if command is not None and (token_url is not None or from_stdin):
        raise UsageError("--token-command conflicts with --token-url and --with-token.", hint="Give one of them.")
    if client_id is not None and token_url is None:
        raise UsageError("--client-id requires --token-url.")
    if command is None and token_url is None and not from_stdin:
        command, token_url, client_id = _choose_renewal(run)
    values = zip(RENEWAL_SETTINGS, (command, token_url, client_id), strict=True)
    kept = {name: parse_setting(name, text) for name, text in values if text is not None}
    session, refresh_token = run.session, None
    renewal = session.renewal(run.settings._replace(**{**dict.fromkeys(RENEWAL_SETTINGS), **kept}), where)
    if command is not None:
        session.use(renewal.run_command(command), "the token_command")
    elif token_url is not None:
        typed = _read_secret(run, "Refresh token", from_stdin=from_stdin).strip()
        token, rotated = renewal.exchange(typed)
        refresh_token = rotated or typed
        session.use(token, token_url)
    else:
        token = _read_secret(run, "Token", from_stdin=from_stdin)
        session.use(token, "standard input" if from_stdin else "the prompt")
    run.api.channels.list()  # proves the token: open to every role
    session.save_login(where, kept, refresh_token)


def refuse_sandbox(run: RunContext, why: str) -> None:
    """UsageError if this run uses the embedded sandbox."""
    if run.settings.profile == SANDBOX:
        raise UsageError(why, hint="Choose another profile with --profile.")


def all_logins(run: RunContext) -> Iterator[dict[str, object]]:
    """The status of each profile's login by itself, and which variables override it in this run."""
    environ = {name: value for name, value in run.system.environ.items() if name not in OVERRIDES}
    overriding = [name for name in OVERRIDES if run.system.environ.get(name)]
    for name in run.config.profiles:
        session = run.session_for(resolve({"profile": name}, environ, run.config), environ)
        yield {**session.describe(in_use=name == run.settings.profile), "overridden_by": overriding}


def choose_profile(run: RunContext, name: str | None) -> str:
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
    way = _ask(run, "How does this login get its tokens? [1]", _WAYS) or "1"
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
    if from_stdin:
        return run.system.stdin.read()
    return ask_secret(f"{name}: ", stdin=run.system.stdin, stderr=run.system.stderr, hint=_PIPE)
