"""`synq inventory skus`: the local cache of SKUs and barcodes, which saves requests."""

from typing import Annotated

from synq_cli.barcodes import problem
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import FILE, Metavar
from synq_cli.cli.options import argument, option, switch
from synq_cli.errors import UsageError
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, identifier
from synq_cli.resources.inventory.sku_file import read_skus, variant_id

group = CommandGroup()

COLUMNS = [
    Column("SKU", "sku"),
    Column("Variant", "variant_id", identifier),
    Column("Seen", "seen_at", age, drop=1),
    Column("Barcode", "barcode", drop=2),
]


@group.command("list")
def list_skus(run: RunContext) -> None:
    """List the SKUs in the local cache, with their barcodes.

    synq keeps the SKUs and barcodes of the tenant that any command shows, so that adjusting a known one takes a single
    request. Nothing is sent.

    Examples:
      synq inventory skus list
      synq inventory skus list -o csv
    """
    run.output.rows(
        run.index.skus(), COLUMNS, empty="No SKUs known yet; `synq products variants list --all` reads them."
    )


@group.command("add")
def add_sku(
    run: RunContext,
    sku: Annotated[str, argument("SKU", "The SKU.")],
    variant: Annotated[str, argument("VARIANT_ID", "The variant's UUID.")],
    barcode: Annotated[str | None, option("--barcode", "CODE", "Its barcode.")] = None,
) -> None:
    """Add one SKU to the local cache.

    Needed only for servers that can't look up SKUs.

    Examples:
      synq inventory skus add HMC-NVY-M eb5bd2b9-e9a4-430b-9999-36b0cfa6ef1d
      synq inventory skus add HMC-NVY-L 5eb5ae74-8b2b-48e9-bdd8-ca566d66a229 --barcode 5012345678924
    """
    if not sku.strip():
        raise UsageError("A SKU can't be blank.")
    if barcode is not None and (wrong := problem(barcode)):
        raise UsageError(f'Invalid barcode "{barcode}": {wrong}.')
    run.index.remember("sku", [(sku.strip(), variant_id(variant))])
    if barcode is not None:
        run.index.remember_barcodes([(variant_id(variant), barcode.strip())])
    run.output.note(f"{sku.strip()} is variant {variant}.")


@group.command("import")
def import_skus(
    run: RunContext,
    file: Annotated[str, argument(FILE, "File with the columns sku, barcode and variant_id; - is standard input.")],
) -> None:
    """Add many SKUs to the local cache from a file.

    The file is CSV, TSV, NDJSON, .xlsx or an array in JSON or YAML, with the columns sku or barcode, or both, and
    variant_id. Every row is checked first; if one is wrong, every problem is listed and nothing is added.

    Examples:
      synq inventory skus import skus.csv
      synq products variants list --all --fields sku,id -o csv | sed 1s/id/variant_id/ | synq inventory skus import -
    """
    skus, barcodes, remark = read_skus(run.system.read_rows(file), file)
    run.index.remember("sku", skus)
    run.index.remember_barcodes(barcodes)
    run.output.note(remark)
    run.output.note(f"Added {_counted(len(skus), len(barcodes))}.")


@group.command("forget")
def forget_skus(
    run: RunContext,
    skus: Annotated[list[str] | None, argument(Metavar("[SKU]...", "sku"), "SKUs or barcodes to remove.")] = None,
    everything: Annotated[bool, switch("--all", "Every SKU and barcode of this tenant.")] = False,
) -> None:
    """Remove SKUs or barcodes from the local cache.

    They are looked up again when they are next used. A SKU is removed together with its barcode. --all removes every
    SKU and barcode of this tenant.

    Examples:
      synq inventory skus forget HMC-NVY-M
      synq inventory skus forget --all
    """
    if bool(skus) == everything:
        raise UsageError("Give the SKUs to remove, or --all.")
    count, barcodes = run.index.forget_codes(None if everything else skus)
    run.output.note(f"Removed {_counted(count, barcodes)}.")


def _counted(skus: int, barcodes: int) -> str:
    """So many SKUs and barcodes in words, without those of which there are none."""
    words = [f"{skus} SKU{'s' * (skus != 1)}"] if skus or not barcodes else []
    words += [f"{barcodes} barcode{'s' * (barcodes != 1)}"] if barcodes else []
    return " and ".join(words)
