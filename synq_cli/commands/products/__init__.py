"""`synq products`: the catalogue, one module a subgroup."""

from synq_cli.cli.lazy_groups import Noun

_HERE = "synq_cli.commands.products"
group = Noun(
    "Look at the catalogue and change it.",
    {
        "variants": (f"{_HERE}.variants", "List the variants of products and add to them."),
        "categories": (f"{_HERE}.categories", "List the categories and add to them."),
        "brands": (f"{_HERE}.brands", "List the brands and add to them."),
        "attributes": (f"{_HERE}.attributes", "List the attributes and add to them."),
        "attribute-groups": (f"{_HERE}.attribute_groups", "List the attribute groups and add to them."),
        "templates": (f"{_HERE}.templates", "List the product templates and add to them."),
        "media": (f"{_HERE}.media", "List the media and add to them."),
        "jobs": (f"{_HERE}.jobs", "Start bulk jobs and follow them."),
    },
    elsewhere={
        **dict.fromkeys(("list", "get", "create", "update", "delete", "push"), f"{_HERE}.products"),
        **dict.fromkeys(("stats", "issues", "export"), f"{_HERE}.catalogue"),
        "import": f"{_HERE}.bulk",
    },
)
