"""`synq products templates`: what each type of product needs."""

from synq_cli.commands.products.taxonomy import with_list_and_create
from synq_cli.resources.products.taxonomy import TEMPLATES

group = with_list_and_create(
    TEMPLATES,
    list_note="A product names the template it follows in product_type_id.",
    create="Create a product template.",
    create_note="Attribute groups are put into it in the dashboard: the API publishes no route for that.",
    examples=[
        'synq products templates create Jumper --description "Everything a jumper page needs."',
        "synq products templates create Scarf --dry-run",
    ],
)
