"""`synq webhooks`: sign, verify and send webhooks."""

import re
from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import FILE, Metavar
from synq_cli.cli.options import argument, option, switch
from synq_cli.documents import read_document
from synq_cli.errors import AuthError, RejectedError, UsageError
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.prompts import ask_secret
from synq_cli.resources.webhooks import SAMPLES, mismatch, sample, sign
from synq_cli.session.profiles import save_setting, token_store
from synq_cli.session.settings import SANDBOX
from synq_cli.session.tokens.stores import entry_of

group = CommandGroup()

RECORD = [
    Column("Event", "event"),
    Column("To", "url"),
    Column("Status", "status"),
    Column("Milliseconds", "ms"),
    Column("Signature", "signature"),
    Column("Reply", "answer"),
]

_VARIABLE = "SYNQ_WEBHOOK_SECRET"
_WAYS = f"Pipe it in with --secret-stdin, set {_VARIABLE}, or store it: synq webhooks sign FILE --keep-secret"

FileArgument = Annotated[str, argument(FILE, "File with the body; - for standard input.")]
SecretOption = Annotated[bool, switch("--secret-stdin", "Read the secret from standard input.")]


def _one_stdin(file: str | None, secret_stdin: bool) -> None:
    if file == "-" and secret_stdin:
        raise UsageError("Standard input can't be both the secret and the file.", hint="Use a file instead of -.")


@group.command("sign")
def sign_file(
    run: RunContext,
    file: FileArgument,
    secret_stdin: SecretOption = False,
    keep_secret: Annotated[bool, switch("--keep-secret", "Store a new secret in the profile.")] = False,
) -> None:
    """Print the signature of a webhook's body.

    The signature is the lower-case hex HMAC-SHA256 of the exact bytes of the file, as Synq expects it in the header
    X-Unified-Signature. The secret (dashboard: Integrations) comes from standard input with --secret-stdin, else from
    SYNQ_WEBHOOK_SECRET, else from the profile if --keep-secret stored it there, else from a prompt. No option takes
    the secret itself, since other users can read command lines. `synq auth logout` deletes a stored secret.

    Examples:
      synq webhooks sign body.json
      pass show synq/webhook | synq webhooks sign body.json --secret-stdin --keep-secret
      curl -H "X-Unified-Signature: $(synq webhooks sign body.json)" --data-binary @body.json http://127.0.0.1:8000
    """
    _one_stdin(file, secret_stdin)
    body = run.system.read_bytes(file)
    secret = (_store_secret if keep_secret else _find_secret)(run, from_stdin=secret_stdin)
    run.output.value(sign(body, secret))


@group.command("verify", exits=(3,))
def verify_file(
    run: RunContext,
    file: FileArgument,
    signature: Annotated[str, option("--signature", "HEX", "Value of the header X-Unified-Signature.")],
    secret_stdin: SecretOption = False,
) -> None:
    """Verify the signature of a webhook's body.

    Exits with 0 if the signature matches the bytes of the file, with 3 if not. Pass the body exactly as it was
    received: parsing and printing the JSON, another encoding or an added newline changes the bytes. For the secret,
    see `synq webhooks sign`.

    Examples:
      synq webhooks verify body.json --signature d518b514cd5e1bc8c2add15e5eb908b552618265e5ca115d0f11a7fc028f8333
      pass show synq/webhook | synq webhooks verify body.json --signature "$SIGNATURE" --secret-stdin
    """
    _one_stdin(file, secret_stdin)
    body = run.system.read_bytes(file)
    why = mismatch(body, _find_secret(run, from_stdin=secret_stdin), signature)
    if why:
        raise RejectedError("The signature does not match these bytes.", hint=why)
    run.output.note("The signature matches.")


@group.command("send", operations.RECEIVE_WEBHOOK, requests=(0, 1), planned=False)
def send_event(
    run: RunContext,
    url: Annotated[str, argument("URL", "URL: https, http to this machine, or /unified/webhook.")],
    event: Annotated[
        str,
        # No Literal: with --data it may be an event that synq has no sample for.
        option("--event", Metavar("EVENT", "words", SAMPLES), "Event, such as order.created."),
    ],
    data: Annotated[
        str | None, option("--data", FILE, "File with the event's data in JSON or YAML. [default: a sample]")
    ] = None,
    connection: Annotated[
        str | None, option("--connection", "ID", "Connection id; sends the event as the integration provider would.")
    ] = None,
    secret_stdin: SecretOption = False,
) -> None:
    """Send a signed event once.

    Use it to test your receiver, or Synq's own. Without --connection the event has the envelope of Synq's outgoing
    events; with it, that of the integration provider, which /unified/webhook accepts. The token is not sent: the
    signature proves the sender. Only requests to the API count against the rate limit.

    For the secret, see `synq webhooks sign`. --dry-run shows the URL, headers and body.

    Examples:
      synq webhooks send http://127.0.0.1:8000/hooks --event order.created --dry-run
      synq webhooks send /unified/webhook --event accounting.order.created --connection 66f3c2a8e19d4b7051d8a0f2
      synq webhooks send https://example.com/hooks --event product.updated --data product.json --dry-run
    """
    _one_stdin(data, secret_stdin)
    content = sample(event) if data is None else read_document(run.system.read_text(data), data)
    envelope = run.api.webhooks.envelope(event, content, connection)
    secret = _find_secret(run, from_stdin=secret_stdin)
    run.output.record(run.api.webhooks.deliver(url, envelope, secret), RECORD)


def _find_secret(run: RunContext, *, from_stdin: bool) -> str:
    """The secret from standard input if asked for, else the environment's, the sandbox's, the stored one, or a prompt.

    UsageError if it is empty, RefusedError if there is none and no terminal to ask on.
    """
    found = run.system.environ.get(_VARIABLE)
    if not from_stdin and not found:
        found = run.sandbox.webhook_secret() if run.settings.profile == SANDBOX else _stored(run)
    return _enter(run, from_stdin=from_stdin) if from_stdin or not found else _checked(run, found)


def _store_secret(run: RunContext, *, from_stdin: bool) -> str:
    """Store a secret from standard input or a prompt where the profile keeps its token; AuthError if that fails."""
    run.refuse_sandbox("The sandbox has its own webhook secret.")
    secret, profile = _enter(run, from_stdin=from_stdin), run.settings.profile
    where = token_store(run.config, profile)
    if "token_store" not in run.config.profiles.get(profile, {}):  # a login and a logout must find the secret
        save_setting(run.config.path, profile, "token_store", where)
    run.open_tokens(_WAYS).write(entry_of(profile, "webhook"), secret, where)
    return secret


def _enter(run: RunContext, *, from_stdin: bool) -> str:
    if from_stdin and not run.system.stdin.isatty():  # what is typed there would be shown
        return _checked(run, re.sub(r"\r?\n\Z", "", run.system.read_text("-")))
    return _checked(run, ask_secret("Webhook secret: ", stdin=run.system.stdin, stderr=run.system.stderr, hint=_WAYS))


def _stored(run: RunContext) -> str | None:
    profile = run.settings.profile
    try:
        return run.open_tokens(_WAYS).read(entry_of(profile, "webhook"), token_store(run.config, profile))
    except AuthError as error:
        run.output.warn(error.message)  # the prompt may still get it
        return None


def _checked(run: RunContext, secret: str) -> str:
    secret = secret.removeprefix("\ufeff")  # the byte order mark of a file or a pipe
    run.secrets.append(secret)
    if not secret.strip():
        raise UsageError("The webhook secret is empty.", hint=_WAYS)
    if any("\ud800" <= character <= "\udfff" for character in secret):  # bytes of the environment
        raise UsageError("The webhook secret is not UTF-8 text.", hint=_WAYS)
    if secret != secret.strip():
        run.output.warn("The webhook secret starts or ends with a space, which is part of it.")
    return secret
