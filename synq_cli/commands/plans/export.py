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
FolderArgument = Annotated[str, argument("DIR", "Folder of the exported files.")]
OnlyOption = Annotated[
    str | None,
    option(
        "--only", Metavar("PART,...", "list", NAMES), f"Only these parts, separated by commas: {', '.join(NAMES)}."
    ),  # no Literal: a list
]


class ProductProgress:
    """Reports what reading the products costs, and its progress."""

    def __init__(self, run: RunContext) -> None:
        self._run = run
        self._bar = run.output.progress("Products")

    def announce(self, requests: int) -> None:
        """Say how long this many requests take, if they exceed the rate limit of the current minute."""
        from synq_cli.bulk.plan import request_cost, seconds_for

        seconds = seconds_for(requests, self._run.budget.snapshot())
        if seconds:
            self._run.output.note(
                f"Reading {requests:,} products, one request each: {request_cost(requests, seconds)}."
            )

    def update(self, done: int, total: int) -> None:
        """Show how many of the products are read."""
        self._bar.update(done, total)

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()


@contextmanager
def product_progress(run: RunContext) -> Iterator[ProductProgress]:
    """A progress bar for reading products, removed at the end."""
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
    force: Annotated[bool, switch("--force", "Write even if the folder contains other files.")] = False,
) -> None:
    """Write the tenant to files for Git.

    Writes settings, channels, members, categories, brands, attributes, attribute groups, templates and connections to
    one YAML file each, and products with their variants to products.ndjson, one product per line. Ids are kept apart,
    in the folder ids. Times, scores and other fields that the API sets are left out, so the files change only if the
    tenant does. `synq plan from DIR` plans the changes that make a tenant match the files.

    Products cost one request each, plus one per 100 variants; if that exceeds the rate limit, synq first says how long
    it takes. The API lists at most 100 products; synq finds the others through their variants. A part that this server
    doesn't offer is skipped with a warning.

    synq replaces each export file as a whole and touches no other files. The files contain no secrets, but
    members.yaml contains email addresses; your umask decides who can read the files.

    Examples:
      synq export tenant
      synq export tenant --only settings,channels
    """
    names = chosen(only)
    with product_progress(run) as progress:
        rows = run.api.tenant_files.export(Path(folder), names, progress, force=force)
    run.output.rows(rows, FILES)
