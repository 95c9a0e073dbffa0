"""`synq products`: the catalogue, one module a subgroup."""

from synq_cli.commands.products import catalogue, products

group = products.group
group.add_typer(catalogue.group)
