"""What the taxonomy subgroups share: columns, and the commands that differ only in their words."""

from collections.abc import Sequence

import typer

from synq_cli.cli.lazy_groups import Noun
from synq_cli.cli.options import DescriptionOption, NameArgument, invocation
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, identifier
from synq_cli.resources.products.taxonomy import TaxonomyKind

ID = Column("ID", "id", identifier)
NAME = Column("Name", "name")
SLUG = Column("Slug", "slug", drop=2)
DESCRIPTION = Column("Description", "description", drop=1)
CREATED = Column("Created", "created_at", age, drop=3)
CHANGED = Column("Changed", "updated_at", age, drop=4)


def with_list(
    resource: TaxonomyKind, columns: list[Column], note: str = "", example: str = "--fields id,name -o csv"
) -> Noun:
    """A group with the command `list`, whose help ends with the note and the example."""
    group = Noun(f"List the {resource.many} and add to them.")
    line = f"synq products {resource.noun} list"

    def list_all(ctx: typer.Context) -> None:
        run = invocation(ctx)
        run.output.rows(run.api.taxonomy(resource).list(), columns, empty=f"This tenant has no {resource.many}.")

    list_all.__doc__ = _help(f"List the {resource.many}.", f"All of them, by name. {note}", [line, f"{line} {example}"])
    group.command("list", resource.list)(list_all)
    return group


def with_list_and_create(
    resource: TaxonomyKind, *, list_note: str = "", create: str, create_note: str, examples: Sequence[str]
) -> Noun:
    """The group of a resource whose objects have a name and a description."""
    columns = [ID, NAME, DESCRIPTION, CREATED, CHANGED]
    group = with_list(resource, columns, list_note)

    def create_one(ctx: typer.Context, name: NameArgument, description: DescriptionOption = None) -> None:
        run = invocation(ctx)
        run.output.record(run.api.taxonomy(resource).create(name, description=description), columns)

    create_one.__doc__ = _help(create, create_note, examples)
    group.command("create", resource.create)(create_one)
    return group


def _help(summary: str, text: str, examples: Sequence[str]) -> str:
    return "\n".join([summary, "", text.rstrip(), "", "Examples:", *(f"  {line}" for line in examples)])
