"""The columns that the lists of named things share."""

from synq_cli.output.columns import Column
from synq_cli.output.formats import age, identifier

ID = Column("ID", "id", identifier)
NAME = Column("Name", "name")
SLUG = Column("Slug", "slug", drop=2)
DESCRIPTION = Column("Description", "description", drop=1)
CREATED = Column("Created", "created_at", age, drop=3)
CHANGED = Column("Changed", "updated_at", age, drop=4)
