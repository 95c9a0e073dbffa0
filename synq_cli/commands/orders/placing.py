"""`synq orders create`."""

from collections.abc import Mapping
from typing import Annotated

import typer

from synq_cli.cli.lazy_groups import Commands
from synq_cli.cli.options import ForOption, LocationOption, YesOption, invocation
from synq_cli.cli.values import FILE, Value
from synq_cli.commands.bulk import ReportOption, carry_out
from synq_cli.commands.orders.listing import RECORD
from synq_cli.documents import holds_many, read_document
from synq_cli.errors import UsageError
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.resources.orders.lines import parse_line
from synq_cli.resources.orders.placing import OrderInput

group = Commands()

PLACED = [*RECORD, Column("Workflow", "workflow_id"), Column("Run", "run_id")]


@group.command(
    "create",
    operations.CREATE_ORDER,
    operations.LIST_CHANNELS,
    operations.LIST_LOCATIONS,
    operations.LIST_VARIANTS,
    operations.GET_PRODUCT,
    operations.LIST_PRODUCTS,
    operations.LIST_ORDERS,
    operations.GET_ORDER,
    requests=(1, None),
    waits=True,
    bulk=True,
)
def create_order(
    ctx: typer.Context,
    file: Annotated[
        str | None,
        typer.Option("--file", metavar=FILE, help="One order in JSON or YAML, or many, one a line; - is stdin."),
    ] = None,
    item: Annotated[
        list[str] | None,
        typer.Option(
            "--item",
            metavar=Value("SKU=QTY@PRICE", "item"),
            help="A line; again for more. No @PRICE: the variant's own.",
        ),
    ] = None,
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="CHANNEL", help="The channel that it came in by, by name or id.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option("--currency", metavar="CODE", help="Such as EUR. Default: that of the channel.")
    ] = None,
    payment_provider: Annotated[
        str | None, typer.Option("--payment-provider", metavar="NAME", help="Such as stripe, adyen or paypal.")
    ] = None,
    payment_reference: Annotated[
        str | None, typer.Option("--payment-reference", metavar="TEXT", help="The provider's own reference.")
    ] = None,
    customer: Annotated[str | None, typer.Option("--customer", metavar="UUID", help="The customer's id.")] = None,
    location: LocationOption = None,
    idempotency_key: Annotated[
        str | None, typer.Option("--idempotency-key", metavar="KEY", help="A key of your own instead of a new one.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Follow it until it is confirmed, or has failed.")] = False,
    limit: ForOption = None,
    report: ReportOption = None,
    yes: YesOption = False,
) -> None:
    """Place an order, or many from a file.

    Give its lines with --item, or the whole order in a file, or both: an option goes before the file's field. All
    that can be checked here is checked first, since much of it would fail only later, in the background. Without
    --currency the order is in the channel's; the channel must be one of `synq channels list`.

    An --item takes its stock from one location, its title from the product, and without @PRICE its price from the
    variant, if that is in the order's currency. That costs a request for each SKU, one for the products of several
    or of one, one for a location that is not known yet, and one for the channel. A file with a currency and no
    channel costs one request.

    synq makes an idempotency key, shows it and keeps it until the API has answered. If no answer comes, send the
    same order again: it goes under the same key, so it can't be placed twice. After an answer the same order is a
    new one.

    --wait follows the order up to confirmed; it ends with exit 3 if the order fails, and with 75 if --for is over.

    A file is of many orders if its name ends in .ndjson or .jsonl, or if it holds several JSON objects, one a line.
    Then options go before each order's own fields, all orders are checked before the first is sent, and synq asks.
    The journal of the run keeps a key for each order. `synq runs resume` goes on with a run that was interrupted, and
    sends an order whose answer was lost again under its key. What was refused ends up in FILE.failed.ndjson (exit 9).
    A run of orders is not taken back: cancel them one by one.

    A file holds payment_provider, payment_reference, currency, channel, customer_id and items; an item holds
    product_title, quantity and unit_price, for stock also variant_id and location_id, and may hold sku,
    variant_title and requires_shipping.

    Examples:
      synq orders create --file order.json --wait
      synq orders create --item HMC-NVY-M=2@89.50 --currency GBP --payment-provider stripe --payment-reference pi_3S
      synq orders create --file orders.ndjson --yes --report placed.csv
      synq orders create --item HMC-NVY-M=1 --channel web-storefront --file payment.yaml --dry-run
    """
    run = invocation(ctx)
    fields = {
        "channel": channel,
        "currency": currency,
        "payment_provider": payment_provider,
        "payment_reference": payment_reference,
        "customer_id": customer,
        "idempotency_key": idempotency_key,
    }
    text = None if file is None else run.read_text(file)
    if text is not None and holds_many(text, str(file)):
        singles = {
            "--item": item,
            "--payment-reference": payment_reference,
            "--idempotency-key": idempotency_key,
            "--wait": wait,
            "--for": limit is not None,
        }
        if given := [option for option, value in singles.items() if value]:
            raise UsageError(f"{given[0]} is for one order, and this file holds many.")
        _create_many(ctx, (text, str(file)), fields, location, report, yes=yes)
        return
    if report is not None:
        raise UsageError("--report is for a file of many orders.")
    wish = OrderInput(
        document=None if text is None else read_document(text, str(file)),
        name="The order" if file in {None, "-"} else str(file),
        fields=fields,
        lines=[parse_line(text) for text in item or []],
        location=location,
        usual_location=run.settings.location,
    )
    entry = run.api.order_builder.build(wish)
    for remark in entry.remarks:
        run.output.note(remark)
    for doubt in entry.doubts:
        run.output.warn(doubt)
    attempt = run.order_keys.attempt(entry.order, entry.own_key, keep=not run.dry_run)
    say = run.output.note if attempt.since is None else run.output.warn
    say("" if run.dry_run else attempt.sentence)
    order = placed = run.api.orders.create(entry.order, attempt)
    try:
        if wait or limit is not None:
            with run.output.progress("Order") as progress:
                for order in run.api.orders.watch(placed, attempt, limit):
                    progress.update(note=str(order.get("status", "is being made")))
    finally:  # it was placed, however the wait ends
        run.output.record(order, PLACED)
    if not order.get("id"):
        run.output.note(f"It is being made in the background; find it with: synq orders list --key {attempt.key}")
    elif not wait and limit is None:
        run.output.note(f"Follow it with: synq orders track {order['id']} --watch")


def _create_many(
    ctx: typer.Context,
    source: tuple[str, str],
    fields: Mapping[str, str | None],
    location: str | None,
    report: str | None,
    *,
    yes: bool,
) -> None:
    """Plan the orders of a file, its text and name, ask, and place them."""
    from functools import partial
    from pathlib import Path

    from synq_cli.bulk.verbs.create_orders import CreateOrders
    from synq_cli.documents import shown_name

    run = invocation(ctx)
    text, file = source
    verb = CreateOrders(run.api)
    read = partial(verb.read, text, shown_name(file), location, fields)
    plan = run.bulk.plan(verb, read, file, None if file == "-" else Path(file))
    carry_out(ctx, plan, lambda: run.bulk.start(plan), report, yes=yes)
