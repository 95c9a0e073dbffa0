"""`synq orders create`: one order, or many from a file."""

from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import FILE, Metavar
from synq_cli.cli.options import ForOption, LocationOption, YesOption, option, switch
from synq_cli.commands.bulk import AgainOption, ReportOption, ShardOption, require_file, send_file
from synq_cli.commands.orders.listing import RECORD
from synq_cli.documents import holds_many, read_document
from synq_cli.errors import UsageError
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.resources.orders.lines import parse_line

group = CommandGroup()

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
    run: RunContext,
    file: Annotated[
        str | None,
        option("--file", FILE, "One order in JSON or YAML; many in NDJSON, CSV or .xlsx; - for standard input."),
    ] = None,
    item: Annotated[
        list[str] | None,
        option(
            "--item",
            Metavar("SKU=QTY@PRICE", "item"),
            "Item of the order; repeat for more. [default price: the variant's]",
        ),
    ] = None,
    channel: Annotated[str | None, option("--channel", "CHANNEL", "Sales channel (name or id).")] = None,
    currency: Annotated[
        str | None, option("--currency", "CODE", "Currency code, such as EUR. [default: the channel's]")
    ] = None,
    payment_provider: Annotated[
        str | None, option("--payment-provider", "NAME", "Payment provider, such as stripe, adyen or paypal.")
    ] = None,
    payment_reference: Annotated[
        str | None, option("--payment-reference", "TEXT", "Reference of the payment at the provider.")
    ] = None,
    customer: Annotated[str | None, option("--customer", "UUID", "Id of the customer.")] = None,
    location: LocationOption = None,
    idempotency_key: Annotated[
        str | None, option("--idempotency-key", "KEY", "Idempotency key. [default: a new key]")
    ] = None,
    wait: Annotated[bool, switch("--wait", "Wait until the order is confirmed or has failed.")] = False,
    limit: ForOption = None,
    report: ReportOption = None,
    shard: ShardOption = None,
    again: AgainOption = False,
    yes: YesOption = False,
) -> None:
    """Create an order, or many from a file.

    Give the items with --item, or the whole order in a file, or both; options override the file. synq checks the order
    first, because the API finds many errors only later, in the background. The channel must be one of `synq channels
    list`.

    An --item names a SKU or a barcode. It takes its stock from one location, its title from the product and, without
    @PRICE, its price from the variant, if that is in the order's currency. This takes one request for each SKU, one for
    the products, one for a location that is not in the local cache, and one for the channel. A file that gives a
    currency but no channel takes one request.

    synq creates an idempotency key, shows it and stores it until the API responds. If no response arrives, run the
    same command again: it uses the same key, so the order can't be placed twice. After a response, the same command
    creates another order. If the key belongs to another order already, nothing is placed, and the exit status is 8.

    --wait waits until the order is confirmed. The exit status is 3 if the order fails, 75 if --for runs out first, or
    if an order that is created in the background has not appeared after 10 minutes.

    A file holds many orders if its name ends in .ndjson or .jsonl, or if it has several JSON objects, one per line.
    In an Excel workbook, or a file whose name ends in .csv or .tsv, each row is an item, with the fields of its order;
    rows with the same payment_reference are one order. Options override the fields of each order, all orders are
    checked before the first is sent, and synq asks for confirmation. The journal of the bulk run stores a key for each
    order: `synq runs resume` continues an interrupted run, and sends orders without a response again with their keys.
    Orders that the API refused are written to a file such as orders.failed.ndjson (exit status 9). To undo a run of
    orders, cancel each order. If a run of the last 30 days has sent the same orders, synq refuses to send them twice,
    unless you add --again or, on a terminal, confirm it.

    The fields of an order are payment_provider, payment_reference, currency, channel, customer_id and items. Those of
    an item are product_title, quantity, unit_price, variant_id (or barcode) and location_id for stock, and optionally
    sku, variant_title and requires_shipping.

    Examples:
      synq orders create --file order.json --wait
      synq orders create --item HMC-NVY-M=2@89.50 --currency GBP --payment-provider stripe --payment-reference pi_3S
      synq orders create --file orders.ndjson --yes --report placed.csv
      synq orders create --item HMC-NVY-M=1 --channel web-storefront --file payment.yaml --dry-run
    """
    fields = {
        "channel": channel,
        "currency": currency,
        "payment_provider": payment_provider,
        "payment_reference": payment_reference,
        "customer_id": customer,
        "idempotency_key": idempotency_key,
    }
    text, many = _read(run, file)
    if text is not None and many:
        singles = {
            "--item": item,
            "--payment-reference": payment_reference,
            "--idempotency-key": idempotency_key,
            "--wait": wait,
            "--for": limit is not None,
        }
        if given := [option for option, value in singles.items() if value]:
            raise UsageError(f"{given[0]} can't be used with a file of many orders.")
        from synq_cli.bulk.verbs.create_orders import CreateOrders

        verb = CreateOrders(run.api)
        send_file(run, verb, text, str(file), location, fields, report=report, shard=shard, yes=yes, again=again)
        return
    require_file(report, shard, again=again, what="a file of many orders")
    entry = run.api.order_builder.build(
        None if text is None else read_document(text, str(file)),
        "The order" if file in {None, "-"} else str(file),
        fields,
        [parse_line(text) for text in item or []],
        location=location,
        usual_location=run.settings.location,
    )
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
                for order in run.api.orders.watch(entry.order, placed, attempt, limit):
                    progress.update(note=str(order.get("status", "being created")))
    finally:  # the order exists, however the wait ends
        run.output.record(order, PLACED)
    if not order.get("id"):
        run.output.note(
            f"The API creates the order in the background. To find it, run: synq orders list --key {attempt.key}"
        )
    elif not wait and limit is None:
        run.output.note(f"To follow it, run: synq orders track {order['id']} --watch")


def _read(run: RunContext, file: str | None) -> tuple[str | None, bool]:
    """The text of the file, and whether it holds many orders."""
    if file is None:
        return None, False
    from synq_cli.rows import is_table

    text = run.system.read_rows(file)
    return text, is_table(text, file) or holds_many(text, file)
