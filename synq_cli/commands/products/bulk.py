"""`synq products import`."""

from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import FILE
from synq_cli.cli.options import ForOption, WaitOption, YesOption
from synq_cli.commands.bulk import SUMMARY, ReportOption, agreed, finish
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import quantity
from synq_cli.resources.products import bulk_jobs

if TYPE_CHECKING:
    from synq_cli.bulk.outcome import Outcome
    from synq_cli.resources.shared.pagination import Row

group = CommandGroup()

IMPORTED = [
    *SUMMARY,
    Column("Products", "products", quantity),
    Column("Imported", "imported", quantity),
    Column("Failed jobs", "failed_jobs"),
]


@group.command(
    "import", operations.CREATE_BULK_JOB, operations.LIST_BULK_JOBS, requests=(1, None), waits=True, bulk=True
)
def import_products(
    run: RunContext,
    file: Annotated[str, typer.Argument(metavar=FILE, help="CSV or NDJSON of any size; - is standard input.")],
    wait: WaitOption = False,
    limit: ForOption = None,
    report: ReportOption = None,
    yes: YesOption = False,
) -> None:
    """Import new products from a file of any size.

    CSV (with commas, semicolons or tabs) names its columns in the first line: title, and if need be sku, description,
    category, brand, price, currency and barcode; further columns go along under their names. Empty cells are left
    out, and prices keep their digits. NDJSON is one object a line with the same keys. The file is never in memory as
    a whole.

    All rows are checked before anything is sent, also that no SKU stands there twice; what is wrong is listed by line.
    Then the file is cut into bulk jobs below the API's 10 MB, and synq asks. On a slow line give them time with
    --timeout.

    A run keeps a journal of its jobs: `synq runs resume` creates those that are missing, from the file as it was
    checked. A job whose answer was lost is looked for in the list of jobs; where that can't tell, it stays unknown
    (exit 10) and is never sent again unless told.

    --wait or --for follow all jobs until they have ended. If some of their rows failed, that is exit 9. The API has no
    route for one job, only their list; where that repeats all that was imported, it can't be read beyond 64 MB.

    Some servers take the rows only as base64. synq finds out by itself, and keeps that in the profile as
    bulk_payload.

    Examples:
      synq products import catalog.csv --dry-run
      synq products import catalog.csv --wait --yes
    """
    from synq_cli.bulk.verbs.imports import imports, parts_of

    shown = "standard input" if file == "-" else file
    with run.runs.copied(run.system.stdin) if file == "-" else nullcontext(Path(file)) as path:
        with run.output.progress(f"Checking {shown}, in MB") as bar:
            action = imports(run.api.bulk_jobs)
            cut = partial(parts_of, path, shown, is_copy=file == "-", watch=bar.update)
            plan = run.bulk.plan_parts(action, cut, file, path)
        if not agreed(run, plan, report, yes=yes):
            return
        outcome = run.bulk.start(plan)
        if (wait or limit is not None) and outcome.row["done"] and outcome.reason is None:
            _follow(run, outcome, limit, report)
        else:
            finish(run, outcome, report)


def _follow(run: RunContext, outcome: "Outcome", limit: int | None, report: str | None) -> None:
    """Follow the jobs of a run; whatever they come to, it is told how the run ended."""
    from synq_cli.bulk.files.report import write_report

    created = [entry for entry in outcome.entries if entry.receipt]
    ids = [str(entry.receipt) for entry in created]
    total = sum(entry.content["products"] for entry in created)
    jobs: list[Row] = []
    imported = 0
    try:
        with run.output.progress("Import") as shown:
            for jobs in run.api.bulk_jobs.imports(ids, outcome.row["id"], limit=limit):
                imported = sum(bulk_jobs.progress(job)[0] or 0 for job in jobs)
                ended = sum(bulk_jobs.has_ended(job) for job in jobs)
                shown.update(imported, total, f"{ended} of {len(jobs)} jobs ended")
    finally:
        failed = [str(job.get("id")) for job in jobs if bulk_jobs.has_failed(job)]
        write_report(outcome.entries, report)
        row = outcome.row | {"products": total, "imported": imported, "failed_jobs": failed}
        run.output.record(row, IMPORTED)
    outcome.check()
    run.api.bulk_jobs.raise_if_any_failed(jobs)
