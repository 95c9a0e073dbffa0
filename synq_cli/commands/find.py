"""`synq find`: what a text names."""

from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.options import argument, option
from synq_cli.commands.bulk import known_runs
from synq_cli.errors import NotFoundError, UsageError
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, identifier

group = CommandGroup()

FOUND = [
    Column("Kind", "kind"),
    Column("Name", "name", identifier),
    Column("Detail", "detail"),
    Column("Seen", "seen_at", age, drop=1),
    Column("More", "command", drop=2),
]


@group.command(
    "find",
    operations.LIST_ORDERS,
    operations.GET_ORDER,
    operations.LIST_PRODUCTS,
    operations.GET_PRODUCT,
    operations.LIST_VARIANTS,
    operations.LIST_MEMBERS,
    requests=(0, None),
)
def find(
    run: RunContext,
    text: Annotated[list[str], argument("TEXT...", "What to look for.")],
    max_pages: Annotated[int, option("--max-pages", "N", "Pages of 100 orders to read at most.", min=0)] = 5,
) -> None:
    """Find what a text names.

    The text may be an order's id (or its first characters), payment reference or idempotency key, a SKU, a barcode, a
    variant's id, words of a product's title, a bulk run, or a member's email.

    synq looks into the local cache first, which takes no request. It keeps the orders and products that any command
    has shown; `synq cache` shows and clears it. What the cache does not know is asked from the API: a UUID takes two
    requests, an email one, anything else two and up to --max-pages pages of orders.

    Examples:
      synq find pi_n4Djqb7HYQTtzPgN
      synq find 8ed7df4a
      synq find beanie
    """
    word = " ".join(text).strip()
    if not word:
        raise UsageError("The text is blank.")
    runs = [
        {
            "kind": "run",
            "name": row["id"],
            "detail": f"{row['command']}, {row['state']}",
            "seen_at": row["started_at"],
            "command": f"synq runs show {row['id']}",
        }
        for row in known_runs(run)
        if row["id"].startswith(word.lower())
    ]
    found = [*runs, *run.api.finder.cached(word)]
    if not found:
        run.output.note("The local cache does not know it; asking the API.")
        found = run.api.finder.asked(word, max_pages)
    if not found:
        raise NotFoundError(f'Nothing found for "{word}".', hint="Raise --max-pages to read more orders.")
    run.output.rows(found, FOUND)
