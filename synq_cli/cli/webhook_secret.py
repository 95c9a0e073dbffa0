"""The secret that webhooks are signed with: from standard input, the environment, the profile, or a prompt."""

import re

from synq_cli.cli.context import RunContext
from synq_cli.cli.login import refuse_sandbox
from synq_cli.errors import AuthError, UsageError
from synq_cli.output.prompts import ask_secret
from synq_cli.session.profiles import token_store
from synq_cli.session.settings import SANDBOX
from synq_cli.session.tokens.stores import TokenStore, entry_of
from synq_cli.state.folders import config_dir

_VARIABLE = "SYNQ_WEBHOOK_SECRET"
_WAYS = f"Pipe it in with --secret-stdin, set {_VARIABLE}, or store it: synq webhooks sign FILE --keep-secret"


def find_secret(run: RunContext, *, from_stdin: bool) -> str:
    """The secret from standard input if asked for, else the environment's, the sandbox's, the stored one, or a prompt.

    UsageError if it is empty, RefusedError if there is none and no terminal to ask on.
    """
    found = run.system.environ.get(_VARIABLE)
    if not from_stdin and not found:
        found = run.sandbox.webhook_secret() if run.settings.profile == SANDBOX else _stored(run)
    return _enter(run, from_stdin=from_stdin) if from_stdin or not found else _checked(run, found)


def store_secret(run: RunContext, *, from_stdin: bool) -> str:
    """Store a secret from standard input or a prompt where the profile keeps its token; AuthError if that fails."""
    refuse_sandbox(run, "The sandbox has its own webhook secret.")
    secret = _enter(run, from_stdin=from_stdin)
    _store(run).write(entry_of(run.settings.profile, "webhook"), secret, token_store(run.config, run.settings.profile))
    return secret


def _enter(run: RunContext, *, from_stdin: bool) -> str:
    if from_stdin:
        return _checked(run, re.sub(r"\r?\n\Z", "", run.system.read_text("-")))
    return _checked(run, ask_secret("Webhook secret: ", stdin=run.system.stdin, stderr=run.system.stderr, hint=_WAYS))


def _stored(run: RunContext) -> str | None:
    profile = run.settings.profile
    try:
        return _store(run).read(entry_of(profile, "webhook"), token_store(run.config, profile))
    except AuthError as error:
        run.output.warn(error.message)  # the prompt may still get it
        return None


def _store(run: RunContext) -> TokenStore:
    return TokenStore(config_dir(run.system.environ), run.system.keyring, cache=run.cache, hint=_WAYS)


def _checked(run: RunContext, secret: str) -> str:
    run.secrets.append(secret)
    if not secret.strip():
        raise UsageError("The webhook secret is empty.", hint=_WAYS)
    if secret != secret.strip():
        run.output.warn("The webhook secret starts or ends with a space, which is part of it.")
    return secret
