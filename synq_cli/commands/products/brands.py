"""`synq products brands`: who makes the products."""

from typing import Annotated

import typer

from synq_cli.cli.options import DescriptionOption, NameArgument, invocation
from synq_cli.commands.products.taxonomy import CHANGED, CREATED, DESCRIPTION, ID, NAME, with_list
from synq_cli.output.columns import Column
from synq_cli.output.formats import address
from synq_cli.resources.products.taxonomy import BRANDS

COLUMNS = [ID, NAME, DESCRIPTION, Column("Logo", "logo_url", address, drop=2), CREATED, CHANGED]
group = with_list(BRANDS, COLUMNS)


@group.command("create", BRANDS.create)
def create_brand(
    ctx: typer.Context,
    name: NameArgument,
    description: DescriptionOption = None,
    logo_url: Annotated[
        str | None, typer.Option("--logo-url", metavar="URL", help="Where its logo lies; nothing is uploaded.")
    ] = None,
) -> None:
    """Create a brand.

    Examples:
      synq products brands create "Fell & Fjord" --description "House label."
      synq products brands create "Fell & Fjord" --logo-url https://cdn.fellandfjord.example/brand/logo.svg
    """
    run = invocation(ctx)
    run.output.record(run.api.taxonomy(BRANDS).create(name, description=description, logo_url=logo_url), COLUMNS)
