"""`synq webhooks`: events signed, checked and sent."""

from typing import Annotated

import typer

from synq_cli.cli.lazy_groups import Noun
from synq_cli.cli.options import invocation
from synq_cli.cli.values import FILE, suggestion
from synq_cli.cli.webhook_secret import enter_secret, find_secret
from synq_cli.errors import RejectedError, UsageError
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.resources.signature import mismatch, sign
from synq_cli.resources.webhooks import SAMPLES, sample

group = Noun("Sign webhooks, check them, send them.")

RECORD = [
    Column("Event", "event"),
    Column("To", "url"),
    Column("Status", "status"),
    Column("Milliseconds", "ms"),
    Column("Signature", "signature"),
    Column("Answer", "answer"),
]

FileArgument = Annotated[str, typer.Argument(metavar=FILE, help="The body, byte by byte; - is stdin.")]
SecretOption = Annotated[bool, typer.Option("--secret-stdin", help="Read the secret from standard input.")]


def _one_stdin(file: str | None, secret_stdin: bool) -> None:
    if file == "-" and secret_stdin:
        raise UsageError("Standard input can't be both the secret and the file.", hint="Name a file instead of -.")


@group.command("sign")
def sign_file(
    ctx: typer.Context,
    file: FileArgument,
    secret_stdin: SecretOption = False,
    keep_secret: Annotated[
        bool, typer.Option("--keep-secret", help="Enter a secret and keep it beside the profile's token.")
    ] = False,
) -> None:
    """Print the signature of a webhook's body.

    The lower-case hex HMAC-SHA256 that Synq expects in the header X-Unified-Signature, over the exact bytes of the
    file. The secret (dashboard: Integrations) comes from standard input with --secret-stdin, from
    SYNQ_WEBHOOK_SECRET, from where --keep-secret has put it, or is asked for on a terminal. There is no option that
    takes the secret itself: command lines can be read by others. `synq auth logout` forgets a kept one.

    Examples:
      synq webhooks sign body.json
      pass show synq/webhook | synq webhooks sign body.json --secret-stdin --keep-secret
      curl -H "X-Unified-Signature: $(synq webhooks sign body.json)" --data-binary @body.json http://127.0.0.1:8000
    """
    run = invocation(ctx)
    _one_stdin(file, secret_stdin)
    body = run.read_bytes(file)
    secret = (enter_secret if keep_secret else find_secret)(run, from_stdin=secret_stdin)
    run.output.value(sign(body, secret))


@group.command("verify", exits=(3,))
def verify_file(
    ctx: typer.Context,
    file: FileArgument,
    signature: Annotated[
        str, typer.Option("--signature", metavar="HEX", help="What the header X-Unified-Signature said.")
    ],
    secret_stdin: SecretOption = False,
) -> None:
    """Check the signature of a webhook's body.

    Exit 0 if the signature matches the bytes of the file, 3 if not. Check the body exactly as it was received:
    re-serialized JSON, another encoding or an added line end changes the bytes. The secret comes from where
    `synq webhooks sign` takes it.

    Examples:
      synq webhooks verify body.json --signature d518b514cd5e1bc8c2add15e5eb908b552618265e5ca115d0f11a7fc028f8333
      pass show synq/webhook | synq webhooks verify body.json --signature "$SIGNATURE" --secret-stdin
    """
    run = invocation(ctx)
    _one_stdin(file, secret_stdin)
    body = run.read_bytes(file)
    why = mismatch(body, find_secret(run, from_stdin=secret_stdin), signature)
    if why:
        raise RejectedError("The signature does not match these bytes.", hint=why)
    run.output.done("The signature matches.")


@group.command("send", operations.RECEIVE_WEBHOOK, requests=(0, 1))
def send_event(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="https, http to this machine, or /unified/webhook.")],
    event: Annotated[
        str,
        # No Literal: with --data it may be an event of which synq has no sample.
        typer.Option("--event", metavar=suggestion("EVENT", SAMPLES), help="Such as order.created."),
    ],
    data: Annotated[
        str | None, typer.Option("--data", metavar=FILE, help="What it is about, JSON or YAML. Default: a sample.")
    ] = None,
    connection: Annotated[
        str | None, typer.Option("--connection", metavar="ID", help="Send it as the integration provider would.")
    ] = None,
    secret_stdin: SecretOption = False,
) -> None:
    """Send an event, signed, once.

    To try out a receiver, or Synq's own. Without --connection it comes in the envelope of Synq's outgoing events,
    with it in that of the integration provider, which is what /unified/webhook takes. The token goes nowhere: the
    signature proves the sender. Only what goes to the API itself counts against the rate limit.

    The secret comes from where `synq webhooks sign` takes it; --dry-run shows address, headers and body.

    Examples:
      synq webhooks send http://127.0.0.1:8000/hooks --event order.created --dry-run
      synq webhooks send /unified/webhook --event accounting.order.created --connection 66f3c2a8e19d4b7051d8a0f2
      synq webhooks send https://example.com/hooks --event product.updated --data product.json --dry-run
    """
    run = invocation(ctx)
    _one_stdin(data, secret_stdin)
    content = sample(event) if data is None else run.read_document(data)
    envelope = run.api.webhooks.envelope(event, content, connection)
    secret = find_secret(run, from_stdin=secret_stdin)
    run.output.record(run.api.webhooks.deliver(url, envelope, secret), RECORD)
