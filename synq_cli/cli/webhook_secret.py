"""The secret that webhooks are signed with: piped in, set in the environment, kept, or typed."""

import re
from typing import TYPE_CHECKING

from synq_cli.errors import AuthError, UsageError
from synq_cli.session.profiles import token_store
from synq_cli.session.settings import SANDBOX
from synq_cli.session.tokens.stores import TokenStore, entry_of
from synq_cli.state.folders import config_dir

if TYPE_CHECKING:
    from synq_cli.cli.context import Invocation

_VARIABLE = "SYNQ_WEBHOOK_SECRET"
_WAYS = f"Pipe it in with --secret-stdin, set {_VARIABLE}, or keep it: synq webhooks sign FILE --keep-secret"


def find_secret(run: "Invocation", *, from_stdin: bool) -> str:
    """The secret from standard input if asked for, else the environment's, the sandbox's, the kept one, or one typed.

    UsageError if it is empty, RefusedError if there is none and nobody to ask.
    """
    if from_stdin:
        return _checked(run, _piped(run))
    environ, own = run.system.environ, run.settings.profile == SANDBOX
    found = environ.get(_VARIABLE) or (run.sandbox.webhook_secret() if own else _kept(run))
    return _checked(run, found or _typed(run))


def enter_secret(run: "Invocation", *, from_stdin: bool) -> str:
    """A secret from standard input, or one typed, kept where the profile keeps its token; AuthError if it can't be."""
    run.refuse_for_sandbox("The sandbox has a webhook secret of its own.")
    secret = _checked(run, _piped(run) if from_stdin else _typed(run))
    _store(run).write(entry_of(run.settings.profile, "webhook"), secret, token_store(run.config, run.settings.profile))
    return secret


def _piped(run: "Invocation") -> str:
    return re.sub(r"\r?\n\Z", "", run.read_text("-"))


def _typed(run: "Invocation") -> str:
    from synq_cli.output.prompts import ask_secret

    return ask_secret("Webhook secret: ", stdin=run.system.stdin, stderr=run.system.stderr, hint=_WAYS)


def _kept(run: "Invocation") -> str | None:
    profile = run.settings.profile
    try:
        return _store(run).read(entry_of(profile, "webhook"), token_store(run.config, profile))
    except AuthError as error:
        run.output.warn(error.message)  # a person may still be there to ask
        return None


def _store(run: "Invocation") -> TokenStore:
    return TokenStore(config_dir(run.system.environ), run.system.keyring, cache=run.cache, hint=_WAYS)


def _checked(run: "Invocation", secret: str) -> str:
    run.secrets.append(secret)
    if not secret.strip():
        raise UsageError("The webhook secret is empty.", hint=_WAYS)
    if secret != secret.strip():
        run.output.warn("The webhook secret begins or ends with a blank, and signs with it.")
    return secret
