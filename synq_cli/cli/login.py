"""A login: how its token is got and renewed, what is kept of it, and which logins there are."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from synq_cli.errors import UsageError
from synq_cli.session import profiles, settings
from synq_cli.session.session import OVERRIDES
from synq_cli.session.settings import RENEWAL_SETTINGS, parse_setting

if TYPE_CHECKING:
    from synq_cli.cli.context import Invocation

_WAYS = (
    "I paste a token; it lives an hour",
    "A command of mine prints a fresh token whenever one is needed",
    "An OAuth 2 refresh token gets fresh ones from its token URL",
)
_PIPE = "Pipe it in: synq auth login --with-token < token.txt"


class Login:
    """A login that is on its way; where it is kept is "keyring" or "file"."""

    def __init__(self, run: "Invocation", where: str, *, from_stdin: bool) -> None:
        self._run = run
        self._where = where
        self._from_stdin = from_stdin
        self._renewal: dict[str, str] = {}
        self._refresh: str | None = None

    def begin(self, *, command: str | None, token_url: str | None, client_id: str | None) -> None:
        """Get a token in the way that was named or, on a terminal, is chosen; the session asks with it from now on."""
        if command is not None and (token_url is not None or self._from_stdin):
            raise UsageError("--token-command gets the token by itself; leave out --token-url and --with-token.")
        if client_id is not None and token_url is None:
            raise UsageError("--client-id goes with --token-url.")
        if command is None and token_url is None and not self._from_stdin:
            command, token_url, client_id = self._chosen_way()
        named = zip(RENEWAL_SETTINGS, (command, token_url, client_id), strict=True)
        self._renewal = {name: parse_setting(name, text) for name, text in named if text is not None}
        session = self._run.session
        if command is None and token_url is None:
            session.use(self._secret("Token"), "standard input" if self._from_stdin else "the prompt")
            return
        found: dict[str, Any] = dict.fromkeys(RENEWAL_SETTINGS) | self._renewal
        renewal = session.renewal(self._run.settings._replace(**found), self._where)
        if command is not None:
            session.use(renewal.run_command(command), "the token_command")
            return
        refresh = self._secret("Refresh token").strip()
        fresh, rotated = renewal.exchange(refresh)
        self._refresh = rotated or refresh
        session.use(fresh, str(token_url))

    def keep(self) -> None:
        """Keep the token, once it has proved good, and how it is renewed."""
        self._run.session.save_login(self._where, self._renewal, self._refresh)

    def _chosen_way(self) -> tuple[str | None, str | None, str | None]:
        """Command, token URL and client as a person names them; all None for a token that is pasted."""
        way = self._ask("How does this login get its tokens? [1]", _WAYS) or "1"
        if way == "1":
            return None, None, None
        if way == "2":
            return self._ask("Command"), None, None
        if way == "3":
            return None, self._ask("Token URL"), self._ask("Client id, if there is one") or None
        # Never repeated: it may be a token, pasted a question too soon.
        raise UsageError(
            "That is none of the three ways. If it was a token, it is on the screen now: clear it there.",
            hint="Press Enter, or type 1, 2 or 3; a token is asked for afterwards, unseen.",
        )

    def _ask(self, question: str, choices: tuple[str, ...] = ()) -> str:
        from synq_cli.output.prompts import ask

        system = self._run.system
        return ask(question, choices=choices, stdin=system.stdin, stderr=system.stderr, hint=_PIPE)

    def _secret(self, name: str) -> str:
        from synq_cli.output.prompts import ask_secret

        system = self._run.system
        if self._from_stdin:
            return system.stdin.read()
        return ask_secret(f"{name}: ", stdin=system.stdin, stderr=system.stderr, hint=_PIPE)


def all_logins(run: "Invocation") -> Iterator[dict[str, object]]:
    """How each profile's login stands by itself, and what would override it in this run."""
    environ = {name: value for name, value in run.system.environ.items() if name not in OVERRIDES}
    overriding = [name for name in OVERRIDES if run.system.environ.get(name)]
    for name in run.config.profiles:
        session = run.session_by(settings.resolve({"profile": name}, environ, run.config), environ)
        yield {**session.describe(in_use=name == run.settings.profile), "overridden_by": overriding}


def chosen_profile(run: "Invocation", named: str | None) -> str:
    """The profile of that name, or the one that a person picks; UsageError if there is none, RefusedError unasked."""
    from synq_cli.output.prompts import ask

    if named is not None:
        return profiles.existing(run.config, named)
    names = [*run.config.profiles, *([] if "sandbox" in run.config.profiles else ["sandbox"])]
    choices = [f"{name}{_remark(run, name)}" for name in names]
    hint = f"Name it: synq auth switch PROFILE. Profiles: {', '.join(names)}."
    typed = ask("Profile", choices=choices, stdin=run.system.stdin, stderr=run.system.stderr, hint=hint)
    if typed.isdecimal() and 0 < int(typed) <= len(names):
        return names[int(typed) - 1]
    return profiles.existing(run.config, typed) if typed else run.settings.profile


def _remark(run: "Invocation", name: str) -> str:
    """What tells a profile from the others: its tenant, its environment, whether it is in use."""
    kept = run.config.profiles.get(name, {})
    in_use = "in use" if name == run.settings.profile else None
    parts = [str(part) for part in (kept.get("tenant_id"), kept.get("environment"), in_use) if part]
    return f"  {', '.join(parts)}" if parts else ""
