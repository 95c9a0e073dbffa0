"""`synq export`: a tenant as files that change only if the tenant does."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from re import compile as pattern

from synq_cli import exact_json
from synq_cli.documents import check_regular
from synq_cli.errors import AuthError, InterruptError, NotFoundError, SynqError, UsageError
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.shared.resource import Api
from synq_cli.resources.tenant_files import parts
from synq_cli.resources.tenant_files.folder import read_marker
from synq_cli.resources.tenant_files.parts import IDS, MARKER, PRODUCTS, PRODUCTS_FILE, Entry, Part
from synq_cli.resources.tenant_files.reading import Progress, TenantReader
from synq_cli.resources.tenant_files.sorted_lines import SortedLines
from synq_cli.state.folders import replace_file

# Characters that PyYAML writes raw but reads as blanks, or that UTF-8 can't encode.
_ESCAPED = pattern("[\x85\u2028\u2029\ud800-\udfff]")
_ABOUT = "Written by `synq export`. The next export replaces this file, including comments and unknown fields."


class TenantExport:
    """Writes parts of a tenant to a folder, each file atomically."""

    def __init__(self, api: Api, folder: Path, names: Sequence[str], progress: Progress) -> None:
        self._api = api
        self._folder = folder
        self._parts = [part for part in parts.PARTS if part.name in names]
        self._progress = progress
        self._reader = TenantReader(api)
        self._pending = [part.file for part in self._parts]
        self._with_products = PRODUCTS in names
        if self._with_products:
            self._pending.append(PRODUCTS_FILE)

    def run(self, *, force: bool) -> list[Row]:
        """Write the files; returns a row for each: `file`, `objects` (null if it was left out) and `note`.

        UsageError, before any request, for a folder with other files unless `force`.
        """
        previous = self._check_folder(force=force)
        with self._unfinished():
            self._reader.ask(self._parts)
            marker = self._marker()
            if previous and previous["tenant"] != marker["tenant"]:
                self._api.observer.warn(f"{self._folder} contained an export of another tenant, {previous['tenant']}.")
            self._create_folder()
            self._write(MARKER, _yaml(marker, "The tenant that these files are from."))
            rows = [self._write_part(part) for part in self._parts]
            if self._with_products:
                rows.append(self._write_products())
        return rows

    def _check_folder(self, *, force: bool) -> Row | None:
        """The marker of an earlier export in the folder, if there is one."""
        try:
            if not self._folder.exists():
                return None
            if not self._folder.is_dir():
                raise UsageError(f"{self._folder} is not a folder.", hint="Use a new or empty folder.")
            self._check_files()
            if (self._folder / MARKER).exists():
                return read_marker(self._folder)
            # A new Git repository counts as empty.
            others = sorted(path.name for path in self._folder.iterdir() if path.name != ".git")
        except OSError as error:
            raise UsageError(f"{self._folder} can't be read: {error.strerror}.") from None
        if others and not force:
            raise UsageError(
                f"{self._folder} contains other files, such as {others[0]}, but no export.",
                hint="Use a new or empty folder, or add --force to export into this one.",
            )
        return None

    def _check_files(self) -> None:
        """UsageError for a link under a name that is written: it may lead out of the folder."""
        ids = [f"{IDS}/{Path(name).stem}.ndjson" for name in self._pending]
        for name in (MARKER, IDS, *self._pending, *ids):
            path = self._folder / name
            if path.is_symlink():
                raise UsageError(
                    f"{path} is a symbolic link, and an export writes only to its own folder.", hint="Remove the link."
                )
            if name != IDS:
                check_regular(path)

    def _create_folder(self) -> None:
        try:
            (self._folder / IDS).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"The folder {self._folder} can't be created: {error.strerror}.") from None

    @contextmanager
    def _unfinished(self) -> Iterator[None]:
        """Add the files that were not written to errors."""
        try:
            yield
        except KeyboardInterrupt:
            raise InterruptError("Interrupted.", hint=self._left()) from None
        except SynqError as error:
            error.hint = " ".join(filter(None, (error.hint, self._left())))
            raise

    def _left(self) -> str:
        return f"Not written: {', '.join(self._pending)}. To complete the export, run the command again."

    def _marker(self) -> Row:
        # Without a time: another export of the same state must not be a change in Git.
        identity = self._api.session.identity
        return {
            "format": parts.FORMAT,
            "tenant": identity["tenant_id"],
            "organization": identity["org_id"],
            "host": self._api.session.host,
        }

    def _write_part(self, part: Part) -> Row:
        try:
            entries = self._reader.entries(part)
        except (NotFoundError, AuthError) as error:  # the server lacks it, or the role is too low
            self._api.observer.warn(f"{part.file} was not written: {error.message}")
            self._pending.remove(part.file)
            return {"file": part.file, "objects": None, "note": error.message}
        fields = [entry.fields for entry in entries]
        self._write(part.file, _yaml((fields or [{}])[0] if part is parts.SETTINGS else fields, part.about))
        self._write_ids(part.name, ((part.key(entry.fields), entry.id) for entry in entries if entry.id))
        left_out = len(self._reader.rows(part)) - len(entries)
        note = f"{left_out} without {' or '.join(part.required)} left out" if left_out else None
        if note:
            self._api.observer.warn(f"{part.file}: {note}.")
        self._pending.remove(part.file)
        return {"file": part.file, "objects": len(entries), "note": note}

    def _write_products(self) -> Row:
        count = 0
        with SortedLines() as products, SortedLines() as ids:
            for entry in self._reader.products(self._progress, self._api.observer.warn):
                count += 1
                line = exact_json.dumps(entry.fields)
                products.add(_product_rank(entry), line)
                ids.add(product_key(entry.fields), entry.id)
            self._write(PRODUCTS_FILE, (f"{line}\n" for _, line in products))
            self._write_ids(PRODUCTS, ids)
        self._pending.remove(PRODUCTS_FILE)
        return {"file": PRODUCTS_FILE, "objects": count, "note": None}

    def _write_ids(self, name: str, pairs: Iterable[tuple[str, str]]) -> None:
        """Write the ids of a part to a separate file: they are not edited, and differ between tenants."""
        lines = (exact_json.dumps({"key": key, "id": identifier}) + "\n" for key, identifier in pairs)
        self._write(f"{IDS}/{name}.ndjson", lines)

    def _write(self, name: str, content: str | Iterable[str]) -> None:
        replace_file(self._folder / name, content, mode=None, hint=None)


def product_key(fields: Row) -> str:
    """The key of a product in messages and among the ids: its first SKU, otherwise its title."""
    skus = [str(variant["sku"]) for variant in fields.get("variants", ()) if variant.get("sku")]
    return skus[0] if skus else str(fields.get("title") or "")


def _product_rank(entry: Entry) -> str:
    title = str(entry.fields.get("title") or "")
    return "\0".join((title.casefold(), title, product_key(entry.fields)))


def _yaml(value: object, about: str) -> str:
    from synq_cli import exact_yaml

    return f"# {about}\n# {_ABOUT}\n{exact_yaml.dumps(value, _ESCAPED)}"
