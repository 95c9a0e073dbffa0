"""Stock locations."""

from synq_cli.errors import NotFoundError, SynqError, UsageError
from synq_cli.http import operations, replies
from synq_cli.nearest import did_you_mean
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Resource
from synq_cli.uuids import parse_uuid


class Locations(Resource):
    """Stock locations."""

    def list(self) -> list[Row]:
        """All stock locations: id, name, active. GET /api/v1/inventory/locations"""
        rows = self._api.read_list(operations.LIST_LOCATIONS, "locations")
        if not all(isinstance(row.get(key), str) for row in rows for key in ("id", "name")):
            raise replies.invalid_reply(operations.LIST_LOCATIONS, "a location has no id or no name")
        self._api.index.remember("location", ((row["name"], row["id"].lower()) for row in rows))
        return rows

    def names(self) -> dict[str, str]:
        """Names by id, cached or else read; empty if they can't be read."""
        names = self._api.index.names("location")
        if not names:
            try:
                names = {row["id"].lower(): row["name"] for row in self.list()}
            except SynqError:
                return {}  # ids will do
        return names

    def id_of(self, text: str | None) -> str | None:
        """The id of a location, given by its name or id; None for None."""
        return self.resolve(text)[0] if text else None

    def resolve(self, text: str | None) -> tuple[str, str]:
        """Id and name of a location, given by its name or id; without one, of the only active location.

        NotFoundError for an unknown or ambiguous name, UsageError if one must be chosen.
        """
        identifier = parse_uuid(text or "")
        if identifier:
            return identifier, identifier
        if text and (known := self._api.index.find("location", text)):
            return known, text
        rows = self.list()
        if text:
            found = [row for row in rows if row["name"].lower() == text.lower()]
        else:
            found = [row for row in rows if row.get("active") is not False]
        if len(found) == 1:
            return found[0]["id"], found[0]["name"]
        if text:
            names = ", ".join(row["name"] for row in rows) or "none"
            problem = f'{len(found)} locations are called "{text}".' if found else f'Unknown location "{text}".'
            near = "" if found else did_you_mean(text, (row["name"] for row in rows))
            raise NotFoundError(problem, hint=f"{near}Locations: {names}.")
        if not rows:
            raise UsageError("This tenant has no stock locations.", hint="Create one in the dashboard.")
        names = ", ".join(row["name"] for row in found or rows)
        raise UsageError(
            f"Which location? There are {len(found)}: {names}." if found else f"No stock location is active: {names}.",
            hint='Add --location NAME, or set a default: synq config set location "NAME"',
        )
