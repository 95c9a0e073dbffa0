"""`synq products`: the catalogue."""

from synq_cli.cli.groups import CommandGroup

_HERE = "synq_cli.commands.products"
group = CommandGroup(
    groups={
        "variants": (f"{_HERE}.variants", "List and add variants of products."),
        "categories": (f"{_HERE}.taxonomy:categories", "List and create categories."),
        "brands": (f"{_HERE}.taxonomy:brands", "List and create brands."),
        "attributes": (f"{_HERE}.taxonomy:attributes", "List and create attributes."),
        "attribute-groups": (f"{_HERE}.taxonomy:attribute_groups", "List and create attribute groups."),
        "templates": (f"{_HERE}.taxonomy:templates", "List and create product templates."),
        "media": (f"{_HERE}.media", "List and add images and videos."),
        "jobs": (f"{_HERE}.jobs", "Start and watch bulk jobs."),
    },
    commands={
        **dict.fromkeys(("list", "get", "create", "update", "delete", "push"), f"{_HERE}.products"),
        **dict.fromkeys(("stats", "issues", "export"), f"{_HERE}.catalogue"),
        "import": f"{_HERE}.jobs:imports",
    },
)
