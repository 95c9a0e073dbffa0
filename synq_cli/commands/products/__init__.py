"""`synq products`: the catalogue, one module a subgroup."""

from synq_cli.commands.products import bulk, catalogue, products

group = products.group
group.add_typer(catalogue.group)
group.add_typer(bulk.group)
