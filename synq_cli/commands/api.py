"""`synq api`: send any request to the API."""

from typing import Annotated

from synq_cli.cli import tree
from synq_cli.cli.command import ANY
from synq_cli.cli.confirmation import confirm
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import FILE, Metavar
from synq_cli.cli.options import YesOption, argument, option, switch
from synq_cli.errors import UsageError
from synq_cli.resources.fields import read_fields
from synq_cli.resources.request import METHODS

group = CommandGroup()


@group.command("api", effect=ANY, requests=(1, None))
def send_request(
    run: RunContext,
    words: Annotated[
        list[str],
        argument(
            Metavar("[METHOD] PATH", "words", METHODS),  # no Literal: the path is one of the words
            "HTTP method [default: GET] and path, such as /api/v1/oms/orders.",
        ),
    ],
    field: Annotated[
        list[str] | None,
        option("--field", "KEY=VALUE", "Field; true, false, null and numbers are JSON values.", short="-F"),
    ] = None,
    raw_field: Annotated[
        list[str] | None, option("--raw-field", "KEY=VALUE", "Field whose value is always text.", short="-f")
    ] = None,
    body: Annotated[str | None, option("--input", FILE, "File with the JSON body; - for standard input.")] = None,
    paginate: Annotated[bool, switch("--paginate", "Read every page of a list, as one array.")] = False,
    include: Annotated[bool, switch("--include", "Print the status line and the headers first.", short="-i")] = False,
    yes: YesOption = False,
) -> None:
    """Send any request to the API.

    The request uses the same login, rate limit and retries as other commands: GET, PUT and DELETE are retried if no
    response arrives, POST and PATCH never are, except a new order with an idempotency_key. The token is sent only to
    the API's own host.

    Fields form the body, or the query with GET, DELETE and --input. In a body, `tags[]=new` appends to a list,
    `address[city]=Leith` sets a key of an object, and `items[][sku]=A` one of an object in a list. With -F, @FILE as
    a value reads it from a file. Give all fields of a list with the same option, -f or -F, since only fields of the
    same option keep their order.

    JSON responses are printed in the output format, anything else as it is. If the response is an object that holds a
    list, --fields, --columns and -o apply to that list. A DELETE asks for confirmation; in a script, use --yes. Exit
    statuses are those of other commands.

    Examples:
      synq api /api/v1/oms/orders -f limit=5
      synq api /api/v1/oms/orders --paginate -o ndjson
      synq api POST /api/v1/pim/products -f title="Harbour Merino Crewneck" --dry-run
      synq api PUT /api/v1/settings/tenant --input settings.json --dry-run
    """
    if paginate and include:
        raise UsageError("--include conflicts with --paginate, which reads several responses.")
    fields = read_fields(field or [], raw_field or [], run.system.read_text)
    content = None if body is None else run.system.read_bytes(body)
    request = run.api.requests.prepare(words, fields, content)
    sent = f"{request.operation.method} {request.operation.path}"
    if request.operation.method == "DELETE":
        confirm(run, f"Send {sent}? This may not be reversible.", yes=yes)
    if paginate:
        run.output.document(run.api.requests.all(request, run.output.note))
    else:
        answer = run.api.requests.send(request)
        run.output.answer(answer.head if include else [], answer.kind, answer.value)
    if request.operation.id and (command := tree.command_for(run.root.command, request.operation.id)):
        run.output.note(f"`{command}` does the same.")
