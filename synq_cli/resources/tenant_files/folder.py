"""The files of an exported tenant, read and checked."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from synq_cli import exact_json
from synq_cli.documents import check_regular, decoded, read_errors
from synq_cli.errors import UsageError
from synq_cli.nearest import did_you_mean
from synq_cli.resources.shared import validation
from synq_cli.resources.shared.pagination import Row
from synq_cli.resources.tenant_files import parts
from synq_cli.resources.tenant_files.parts import MARKER, PRODUCTS, PRODUCTS_FILE, Entry, Kind, Part
from synq_cli.resources.tenant_files.sorted_lines import SortedLines

_SUFFIXES = (".yaml", ".yml", ".ndjson", ".jsonl")
_MOST_LISTED = 100
_FIX = "Fix the files and run the command again."


class Folder(NamedTuple):
    """The entries of the parts that have a file; the products, if they have one, as canonical lines with their place.

    Entries with `problems` are left out. `skus` has the places of each SKU that is given twice. `ignored` are the names
    of other files that look like parts.
    """

    parts: Mapping[str, list[Entry]]
    has_products: bool
    skus: Mapping[str, list[str]]
    ignored: Sequence[str]
    problems: "Problems"


class Problems:
    """Problems of the files, each with its place: a file and, if known, a line."""

    def __init__(self) -> None:
        self._found: list[tuple[str, str]] = []

    def add(self, place: str, what: str) -> None:
        """Note a problem; `what` is the rest of a sentence."""
        self._found.append((place, what))

    def are_in(self, file: str) -> bool:
        """Whether a file has problems."""
        return any(_position(place)[0] == file for place, _ in self._found)

    def __bool__(self) -> bool:
        return bool(self._found)

    def raise_any(self, folder: Path) -> None:
        """UsageError that lists the problems by file and line, if there are any."""
        if not self._found:
            return
        files = list(dict.fromkeys(_position(place)[0] for place, _ in self._found))

        def rank(problem: tuple[str, str]) -> tuple[int, int]:
            file, line = _position(problem[0])
            return files.index(file), line

        listed = [f"{place}: {what}" for place, what in sorted(self._found, key=rank)]
        more = max(0, len(listed) - _MOST_LISTED)
        raise validation.file_problems(
            str(folder), listed[:_MOST_LISTED], _FIX, more=more, outcome="nothing was planned"
        )


def _position(place: str) -> tuple[str, int]:
    """The file and the line of a place such as `products.ndjson line 3, variant 1`; 0 without a line."""
    file, _, rest = place.partition(" line ")
    return file, int(rest.partition(",")[0] or 0)


def read_marker(folder: Path) -> Row:
    """The tenant that an export is from. UsageError if the folder is not an export, or of a newer version of synq."""
    path = folder / MARKER
    if not check_regular(path):
        raise UsageError(f"{folder} is not an export: it has no {MARKER}.", hint="To make one, run `synq export DIR`.")
    problems = Problems()
    marker = _yaml_value(path, problems)
    if isinstance(marker, dict) and marker.get("format") != parts.FORMAT:
        raise UsageError(
            f"{path} has the format {validation.shown(marker.get('format'))}; this version of synq reads the format "
            f"{parts.FORMAT}.",
            hint="Update synq, or export the tenant again.",
        )
    if not isinstance(marker, dict) and marker is not None:
        problems.add(str(path), "it must be an object with format, tenant, organization and host")
    problems.raise_any(folder)
    return {"tenant": None, **(marker or {})}


def load(folder: Path, names: Sequence[str], products: SortedLines) -> Folder:
    """Read and check the files of these parts; the lines of the products are added to `products`.

    UsageError if the folder is not an export, or has none of these files.
    """
    read_marker(folder)
    problems, found = Problems(), {}
    for part in parts.PARTS:
        if part.name in names and check_regular(folder / part.file):
            found[part.name] = _entries(folder / part.file, part, problems)
    has_products = PRODUCTS in names and check_regular(folder / PRODUCTS_FILE)
    skus = _read_products(folder / PRODUCTS_FILE, products, problems) if has_products else {}
    if not found and not has_products:
        files = (PRODUCTS_FILE if name == PRODUCTS else f"{name}.yaml" for name in names)
        raise UsageError(f"{folder} has no file to compare.", hint=f"It has none of these: {', '.join(files)}.")
    return Folder(found, has_products, skus, _ignored(folder), problems)


def _ignored(folder: Path) -> list[str]:
    known = {MARKER, PRODUCTS_FILE, *(part.file for part in parts.PARTS)}
    others = (path.name for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES and path.is_file())
    return [f"{name} is ignored. {did_you_mean(name, known)}".strip() for name in sorted(others) if name not in known]


def _yaml_value(path: Path, problems: Problems) -> Any:
    from synq_cli import exact_yaml

    text = _text(path, problems)
    try:
        return None if text is None else exact_yaml.loads(text)
    except exact_yaml.InvalidYamlError as error:
        problems.add(path.name, f"invalid YAML: {error}")
        return None


def _text(path: Path, problems: Problems) -> str | None:
    try:
        with read_errors(path):
            return decoded(path.read_bytes(), path.name).removeprefix("\ufeff")
    except UsageError as error:
        problems.add(path.name, error.message.removeprefix(f"{path.name} ").removeprefix(f"{path} "))
        return None


def _entries(path: Path, part: Part, problems: Problems) -> list[Entry]:
    """The entries of a file in YAML."""
    from synq_cli import exact_yaml

    value, is_list = _yaml_value(path, problems), part is not parts.SETTINGS
    if value is None or (is_list and value == []):
        return []
    if not isinstance(value, list if is_list else dict):
        problems.add(path.name, f"it must contain {'a list of objects' if is_list else 'one object'}")
        return []
    text = _text(path, problems)
    assert text is not None  # it was read a moment ago
    found = []
    for row, lines in zip(value if is_list else [value], exact_yaml.item_lines(text), strict=True):

        def place(key: str, lines: Mapping[str, int] = lines) -> str:
            return f"{path.name} line {lines.get(key, lines[''])}"

        if (fields := _checked(row, part.fields, part.required, place, problems)) is not None:
            found.append(Entry(fields, place=place("")))
    return found


def _read_products(path: Path, lines: SortedLines, problems: Problems) -> dict[str, list[str]]:
    """Add the products of a file to `lines`, with their places; returns the places of SKUs that are given twice."""
    first: dict[str, int] = {}
    twice: dict[str, list[str]] = {}
    for number, row in _ndjson(path, problems):
        place = f"{path.name} line {number}"
        fields = _product(row, place, problems)
        if fields is None:
            continue
        for variant in fields.get("variants", ()):
            sku = variant.get("sku")
            if sku in first:
                twice.setdefault(sku, [f"{path.name} line {first[sku]}"]).append(place)
            elif sku is not None:
                first[sku] = number
        lines.add(parts.canonical(fields), place)
    return twice


def _ndjson(path: Path, problems: Problems) -> Iterator[tuple[int, Any]]:
    """The values of a file with a JSON value a line, with their line numbers."""
    with read_errors(path), path.open("rb") as file:
        for number, line in enumerate(file, 1):
            text = line.removeprefix(b"\xef\xbb\xbf").strip()
            if not text:
                continue
            try:
                yield number, exact_json.loads(text.decode(), unique_keys=True)
            except UnicodeDecodeError:
                problems.add(f"{path.name} line {number}", "it is not UTF-8 text")
            except (ValueError, RecursionError) as error:
                problems.add(f"{path.name} line {number}", f"invalid JSON: {error}")


def _product(row: object, place: str, problems: Problems) -> Row | None:
    fields = _checked(row, parts.PRODUCT_FIELDS, ("title",), partial(_fixed, place), problems)
    if fields is None or not isinstance(row, dict) or "variants" not in row:
        return fields  # without the key, variants are not compared
    variants = []
    for position, each in enumerate(fields.pop("variants", None) or [], 1):
        where = f"{place}, variant {position}"
        variant = _checked(each, parts.VARIANT_FIELDS, (), partial(_fixed, where), problems)
        if variant is None:
            continue
        if "price" in variant:
            variant["price"] = parts.amount_text(variant["price"])
        variants.append(variant)
    return {**fields, "variants": sorted(variants, key=parts.variant_rank)}


def _fixed(place: str, _key: str) -> str:
    return place


def _checked(
    row: object, fields: Mapping[str, Kind], required: Sequence[str], place: Callable[[str], str], problems: Problems
) -> Row | None:
    """The fields of an object that have a value; None if something is wrong with it, which is noted."""
    if not isinstance(row, dict):
        problems.add(place(""), f"it must be an object, not {validation.shown(row)}")
        return None
    sound = True
    for key, value in row.items():
        kind = fields.get(key)
        if kind is None:
            hint = f"{did_you_mean(key, fields)}Fields: {', '.join(fields)}"
            problems.add(place(key), f'unknown field "{key}". {hint}')
        elif value is not None and value != "" and not kind.accepts(value):
            quote = ": put it in quotes" if kind is parts.TEXT and not isinstance(value, dict | list) else ""
            problems.add(place(key), f"{key} must be {kind.what}, not {validation.shown(value)}{quote}")
        else:
            continue
        sound = False
    found = parts.kept(row, fields)
    for key in required:
        if key not in row or row[key] is None or (isinstance(row[key], str) and not row[key].strip()):
            problems.add(place(""), f"{key} is missing")
            sound = False
    return found if sound else None
