"""`synq inventory`: stock, and the SKUs this machine knows."""

from synq_cli.commands.inventory import skus, stock

group = stock.group
group.add_typer(skus.group, name="skus")
