"""`synq products import`."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import FILE
from synq_cli.cli.options import ForOption, WaitOption, YesOption, argument
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
    file: Annotated[str, argument(FILE, "CSV or NDJSON file of any size; - is standard input.")],
    wait: WaitOption = False,
    limit: ForOption = None,
    report: ReportOption = None,
    yes: YesOption = False,
) -> None:
    """Import new products from a file of any size.

    CSV (with commas, semicolons or tabs) names its columns in the first line: title, and optionally sku, description,
    category, brand, price, currency and barcode. Other columns are sent under their own names. Empty cells are left
    out, and prices keep their digits. NDJSON has one object a line with the same keys. The file is read row by
    row, whatever its size.

    All rows are checked before anything is sent, also that no SKU is given twice; every problem is listed by line.
    Then synq splits the file into bulk jobs below the API's limit of 10 MB, and asks before it sends them. On a slow
    connection, raise --timeout.

    The run keeps a journal of its jobs: `synq runs resume` creates the missing ones, if the file has not changed. A job
    whose answer was lost is looked up in the list of jobs; if it is not found there, its outcome stays unknown
    (exit 10), and it is sent again only if you say so.

    --wait and --for wait until all jobs have finished. If some of their rows failed, that is exit 9. The API has no
    route for a single job, only their list; a list that repeats everything that was imported can't be read beyond
    64 MB.

    Some servers accept the rows only as base64. synq finds that out, and saves it in the profile as bulk_payload.

    Examples:
      synq products import catalog.csv --dry-run
      synq products import catalog.csv --wait --yes
    """
    from synq_cli.bulk.verbs.import_products import ImportProducts
    from synq_cli.documents import shown_name

    name, verb = shown_name(file), ImportProducts(run.api)
    with run.runs.readable(file, run.system.stdin) as path:
        with run.output.progress(f"Checking {name}, in MB") as bar:
            read = partial(verb.read, path, name, is_copy=path != Path(file), watch=bar.update)
            plan = run.bulk.plan(verb, read, file, path)
        if not agreed(run, plan, report, yes=yes):
            return
        outcome = run.bulk.start(plan)
        if (wait or limit is not None) and outcome.row["done"] and outcome.reason is None:
            _follow(run, outcome, limit, report)
        else:
            finish(run, outcome, report)


def _follow(run: RunContext, outcome: "Outcome", limit: int | None, report: str | None) -> None:
    """Poll the jobs of a run, and print its summary however they end."""
    from synq_cli.bulk.report import write_report

    created = [entry for entry in outcome.entries if entry.receipt]
    ids = [str(entry.receipt) for entry in created]
    total = sum(entry.content["products"] for entry in created)
    jobs: list[Row] = []
    imported = 0
    try:
        with run.output.progress("Import") as shown:
            for jobs in run.api.bulk_jobs.watch_imports(ids, outcome.row["id"], limit=limit):
                imported = sum(bulk_jobs.progress(job)[0] or 0 for job in jobs)
                ended = sum(bulk_jobs.is_finished(job) for job in jobs)
                shown.update(imported, total, f"{ended} of {len(jobs)} jobs finished")
    finally:
        failed = [str(job.get("id")) for job in jobs if bulk_jobs.has_failed(job)]
        write_report(outcome.entries, report)
        row = outcome.row | {"products": total, "imported": imported, "failed_jobs": failed}
        run.output.record(row, IMPORTED)
    outcome.check()
    run.api.bulk_jobs.raise_if_any_failed(jobs)
