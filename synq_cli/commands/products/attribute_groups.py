"""`synq products attribute-groups`: attributes that belong together."""

from synq_cli.commands.products.taxonomy import with_list_and_create
from synq_cli.resources.products.taxonomy import ATTRIBUTE_GROUPS

group = with_list_and_create(
    ATTRIBUTE_GROUPS,
    create="Create an attribute group.",
    create_note="Attributes are put into it in the dashboard: the API publishes no route for that.",
    examples=[
        'synq products attribute-groups create "Yarn facts" --description "What the garment is knitted from."',
        "synq products attribute-groups create Care --dry-run",
    ],
)
