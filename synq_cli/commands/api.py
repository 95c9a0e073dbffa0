"""`synq api`: any request to the API."""

from typing import Annotated

import typer

from synq_cli.cli import tree
from synq_cli.cli.lazy_groups import Commands
from synq_cli.cli.options import YesOption, invocation
from synq_cli.cli.spec import ANY
from synq_cli.cli.values import FILE, suggestion
from synq_cli.errors import UsageError
from synq_cli.resources.fields import read_fields
from synq_cli.resources.request import METHODS

group = Commands()


@group.command("api", effect=ANY, requests=(1, None))
def send_request(
    ctx: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar=suggestion("[METHOD] PATH", METHODS),  # no Literal: the path is one of the words
            help="The method, GET if left out, and the path, such as /api/v1/oms/orders.",
        ),
    ],
    field: Annotated[
        list[str] | None,
        typer.Option("-f", "--field", metavar="KEY=VALUE", help="A field: true, false, null and numbers are typed."),
    ] = None,
    raw_field: Annotated[
        list[str] | None, typer.Option("-F", "--raw-field", metavar="KEY=VALUE", help="A field that is text as it is.")
    ] = None,
    body: Annotated[
        str | None, typer.Option("--input", metavar=FILE, help="JSON to send, byte by byte; - is stdin.")
    ] = None,
    paginate: Annotated[
        bool, typer.Option("--paginate", help="Read a list in pages to its end, as one array.")
    ] = False,
    include: Annotated[
        bool, typer.Option("-i", "--include", help="Print the status line and the headers first.")
    ] = False,
    yes: YesOption = False,
) -> None:
    """Send any request to the API.

    With the session, the rate limit and the retries of every other command: GET, PUT and DELETE are sent again if
    no answer comes, POST and PATCH never; a new order only with an idempotency_key. The token goes to the API's
    own address alone.

    Fields are the body, or the query with GET, DELETE and --input. In a body `tags[]=new` appends to a list,
    `address[city]=Leith` goes into an object, and `items[][sku]=A` into an object in a list. A value behind -f
    that begins with @ names a file to take it from.

    JSON is printed as JSON, anything else as it is; --fields, --columns and -o see a list where an object holds one.
    A DELETE asks first; in a script --yes says so. An error ends like that of any other command.

    Examples:
      synq api /api/v1/oms/orders -f limit=5
      synq api /api/v1/oms/orders --paginate -o ndjson
      synq api POST /api/v1/pim/products -f title="Harbour Merino Crewneck" --dry-run
      synq api PUT /api/v1/settings/tenant --input settings.json --dry-run
    """
    run = invocation(ctx)
    if paginate and include:
        raise UsageError("--include shows one reply, but --paginate reads several.")
    root = ctx.find_root().command
    fields = read_fields(field or [], raw_field or [], run.read_text)
    content = None if body is None else run.read_bytes(body)
    request = run.api.requests.prepare(words, fields, content)
    sent = f"{request.operation.method} {request.operation.path}"
    if request.operation.method == "DELETE":
        run.confirmed(f"Send {sent}? There may be no undo.", yes=yes)
    if paginate:
        run.output.document(run.api.requests.all(request, run.output.note))
    else:
        answer = run.api.requests.send(request)
        run.output.answer(answer.head if include else [], answer.kind, answer.value)
    if request.known and (command := tree.command_for(root, request.known)):
        run.output.note(f"`{command}` does this too.")
