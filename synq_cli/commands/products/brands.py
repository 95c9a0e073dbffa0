"""`synq products brands`: who makes the products."""

from typing import Annotated

import typer

from synq_cli.api.taxonomy import BRANDS, CREATE_BRAND
from synq_cli.commands.products.columns import CHANGED, CREATED, DESCRIPTION, ID, NAME
from synq_cli.lazy_group import Noun
from synq_cli.options import DescriptionOption, NameArgument, invocation
from synq_cli.output.columns import Column
from synq_cli.output.formats import address

group = Noun("List the brands and add to them.")

COLUMNS = [ID, NAME, DESCRIPTION, Column("Logo", "logo_url", address, drop=2), CREATED, CHANGED]


@group.command("list", BRANDS)
def list_brands(ctx: typer.Context) -> None:
    """List the brands.

    All of them, by name.

    Examples:
      synq products brands list
      synq products brands list --fields id,name -o csv
    """
    run = invocation(ctx)
    run.output.rows(run.api.brands.list(), COLUMNS, empty="This tenant has no brands.")


@group.command("create", CREATE_BRAND)
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
    run.output.record(run.api.brands.create(name, description=description, logo_url=logo_url), COLUMNS)
