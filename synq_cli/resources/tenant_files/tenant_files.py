"""A tenant as files: exported, and compared with such a folder."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from synq_cli import exact_json
from synq_cli.errors import AuthError, NotFoundError, SynqError
from synq_cli.http import operations
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Resource
from synq_cli.resources.tenant_files import parts
from synq_cli.resources.tenant_files.changes import Comparison
from synq_cli.resources.tenant_files.compare_parts import compare_part, role_warnings
from synq_cli.resources.tenant_files.compare_products import compare_products
from synq_cli.resources.tenant_files.export import TenantExport
from synq_cli.resources.tenant_files.folder import Folder, load
from synq_cli.resources.tenant_files.parts import PRODUCTS, PRODUCTS_FILE, Entry
from synq_cli.resources.tenant_files.reading import Progress, TenantReader
from synq_cli.resources.tenant_files.sorted_lines import Line, SortedLines


class TenantFiles(Resource):
    """A tenant as files. `names` are those of the requested parts."""

    def export(self, folder: Path, names: Sequence[str], progress: Progress, *, force: bool) -> list[Row]:
        """Write the parts to a folder; a row for each has its `file`, `objects` (null if left out) and `note`."""
        return TenantExport(self._api, folder, names, progress).run(force=force)

    def compare(self, folder: Path, names: Sequence[str], progress: Progress) -> Comparison:
        """How a folder differs from the tenant. UsageError that lists all problems of the files.

        Some problems are only found by comparing. If the files have others, the products are not read for them: that
        may take minutes.
        """
        with SortedLines() as lines:
            files = load(folder, names, lines)
            found, reader = Comparison(files.problems), TenantReader(self._api)
            try:
                self._compare(files, lines, reader, progress, found)
            except SynqError:
                found.problems.raise_any(folder)  # known without the server
                raise
        found.problems.raise_any(folder)
        if any(each.operation is operations.CHANGE_MEMBER_ROLE for each in found.changes):
            members = reader.entries(parts.MEMBERS)
            found.warnings += role_warnings(found.changes, members, self._api.session.subject)
        missing = [name for name in names if name not in files.parts and not (name == PRODUCTS and files.has_products)]
        found.notes += [
            *files.ignored,
            *(
                f"{PRODUCTS_FILE if name == PRODUCTS else f'{name}.yaml'} is missing, so {name} are not compared."
                for name in missing
            ),
        ]
        return found

    def _compare(
        self, files: Folder, lines: SortedLines, reader: TenantReader, progress: Progress, found: Comparison
    ) -> None:
        # Categories refer to each other: one that is left out would make its children look wrong.
        wanted = [
            part for part in parts.PARTS
            if part.name in files.parts and not (part is parts.CATEGORIES and found.problems.are_in(part.file))
        ]  # fmt: skip
        reader.ask(wanted)
        with_products = files.has_products and not files.problems
        for part in wanted:
            if part is parts.SETTINGS and with_products:
                self._compare_products(files, lines, reader, progress, found)
            try:
                compare_part(part, files.parts[part.name], reader.entries(part), found)
            except (NotFoundError, AuthError) as error:  # the server lacks it, or the role is too low
                found.remains("impossible", part.name, f"not compared: {error.message}")
        if parts.SETTINGS not in wanted and with_products:
            self._compare_products(files, lines, reader, progress, found)

    def _compare_products(
        self, files: Folder, lines: SortedLines, reader: TenantReader, progress: Progress, found: Comparison
    ) -> None:
        with SortedLines() as present:
            for entry in reader.products(progress, self._api.observer.warn):
                kept = exact_json.dumps({"id": entry.id, "sent": entry.sent})
                present.add(parts.canonical(entry.fields), kept)
            ours, theirs = _differing(iter(lines), iter(present))
        new = [Entry(exact_json.loads(line), place=place) for line, place in ours]
        for entry in new:
            for sku in dict.fromkeys(variant.get("sku") for variant in entry.fields.get("variants", ())):
                if places := files.skus.get(sku):
                    other = next((place for place in places if place != entry.place), "the same line")
                    found.problems.add(entry.place, f"the SKU {sku} is given twice, also in {other}")
        old = [Entry(exact_json.loads(line), **exact_json.loads(kept)) for line, kept in theirs]
        compare_products(new, old, self._brands(files, reader), found)

    def _brands(self, files: Folder, reader: TenantReader) -> dict[str, list[str]]:
        """The ids of the tenant's brands by name; none for a brand that only the files have."""
        found: dict[str, list[str]] = {entry.fields["name"]: [] for entry in files.parts.get(parts.BRANDS.name, ())}
        try:
            brands = reader.entries(parts.BRANDS)
        except (NotFoundError, AuthError):
            return found
        for entry in brands:
            found.setdefault(entry.fields["name"], []).append(entry.id)
        return found


def _differing(ours: Iterator[Line], theirs: Iterator[Line]) -> tuple[list[Line], list[Line]]:
    """The lines of each side that the other does not have, by their keys; both are sorted."""
    only_ours, only_theirs = [], []
    mine, yours = next(ours, None), next(theirs, None)
    while mine is not None or yours is not None:
        if mine is not None and yours is not None and mine[0] == yours[0]:
            mine, yours = next(ours, None), next(theirs, None)
        elif yours is None or (mine is not None and mine[0] < yours[0]):
            assert mine is not None
            only_ours.append(mine)
            mine = next(ours, None)
        else:
            only_theirs.append(yours)
            yours = next(theirs, None)
    return only_ours, only_theirs
