"""`synq export`: the tenant as files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import Metavar
from synq_cli.cli.options import argument, option, switch
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import quantity
from synq_cli.resources.tenant_files.parts import NAMES, chosen

group = CommandGroup()

FILES = [Column("File", "file"), Column("Objects", "objects", quantity), Column("Note", "note")]
READS = (
    operations.LIST_PRODUCTS, operations.GET_PRODUCT, operations.LIST_VARIANTS, operations.GET_TENANT_SETTINGS,
    operations.LIST_CHANNELS, operations.LIST_MEMBERS, operations.LIST_CATEGORIES, operations.LIST_BRANDS,
    operations.LIST_ATTRIBUTES, operations.LIST_ATTRIBUTE_GROUPS, operations.LIST_TEMPLATES,
    operations.LIST_CONNECTIONS,
)  # fmt: skip
FolderArgument = Annotated[str, argument("DIR", "Folder of the files.")]
OnlyOption = Annotated[
    str | None,
    option(
        "--only", Metavar("PART,...", "list", NAMES), f"Only these parts: {', '.join(NAMES)}."
    ),  # no Literal: a list
]


class ProductProgress:
    """Says what reading the products costs, and shows how far it is."""

    def __init__(self, run: RunContext) -> None:
        self._run = run
        self._bar = run.output.progress("Products")

    def announce(self, requests: int) -> None:
        """Say what so many requests cost, if they take longer than a minute."""
        from synq_cli.bulk.plan import request_cost, seconds_for

        seconds = seconds_for(requests, self._run.budget.snapshot())
        if seconds:
            self._run.output.note(
                f"Reading {requests:,} products, one request for each: {request_cost(requests, seconds)}."
            )

    def update(self, done: int, total: int) -> None:
        """Show how far it is."""
        self._bar.update(done, total)

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()


@contextmanager
def product_progress(run: RunContext) -> Iterator[ProductProgress]:
    """The progress of reading products, removed at the end."""
    progress = ProductProgress(run)
    try:
        yield progress
    finally:
        progress.close()


@group.command("export", *READS, requests=(1, None))
def export_tenant(
    run: RunContext,
    folder: FolderArgument,
    only: OnlyOption = None,
    force: Annotated[bool, switch("--force", "Write into a folder that holds other files.")] = False,
) -> None:
    """Write the tenant to files that can be kept in Git.

    Writes settings, channels, members, categories, brands, attributes, attribute groups, templates and connections to a
    YAML file each, and products with their variants to products.ndjson, one a line. Ids are in the folder ids, apart
    from what people edit. Times, scores and whatever else the API sets by itself are left out, so that the files of an
    unchanged tenant don't change. `synq plan from DIR` plans the changes that make a tenant equal to the files.

    Products cost one request each, and one more for each 100 variants; it says so before it starts. The API lists at
    most 100 products, and synq finds the others by their variants. A part that this server doesn't offer is skipped
    with a warning.

    synq replaces each export file as a whole and touches no other files. They hold no secrets, but members.yaml holds
    email addresses; who may read the files is up to your umask.

    Examples:
      synq export tenant
      synq export tenant --only settings,channels
    """
    names = chosen(only)
    with product_progress(run) as progress:
        rows = run.api.tenant_files.export(Path(folder), names, progress, force=force)
    run.output.rows(rows, FILES)
