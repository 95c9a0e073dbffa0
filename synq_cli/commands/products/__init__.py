"""`synq products`: the catalogue, one module a subgroup."""

from synq_cli.commands.products import products, variants

group = products.group
group.add_typer(variants.group, name="variants")
