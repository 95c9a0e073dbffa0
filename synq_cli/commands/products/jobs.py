"""`synq products import` and `jobs`: bulk jobs, which change products in the background."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from synq_cli.cli.confirmation import confirm
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import FILE, JOB
from synq_cli.cli.options import ForOption, WaitOption, YesOption, argument, option, switch
from synq_cli.commands.bulk import (
    SUMMARY,
    AgainOption,
    ReportOption,
    ShardOption,
    agreed,
    finish,
    parse_shard,
    require_told,
    tell,
)
from synq_cli.documents import shown_name
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, excerpt, identifier, quantity, state, timestamp
from synq_cli.resources.products import bulk_jobs

if TYPE_CHECKING:
    from synq_cli.bulk.report import Outcome
    from synq_cli.resources.shared.pagination import Row

group = CommandGroup()
imports = CommandGroup()

COLUMNS = [
    Column("ID", "id", identifier),
    Column("Type", "job_type"),
    Column("Status", "status", state),
    Column("Done", "processed_items", quantity),
    Column("Rows", "total_items", quantity),
    Column("Created", "created_at", age, drop=1),
    Column("Changed", "updated_at", age, drop=2),
    Column("Created by", "created_by", table=False),
]
RECORD = [
    Column("ID", "id", identifier),
    Column("Type", "job_type"),
    Column("Status", "status", state),
    Column("Done", "processed_items"),
    Column("Rows", "total_items"),
    Column("Created", "created_at", timestamp),
    Column("Changed", "updated_at", timestamp),
    Column("Created by", "created_by"),
    Column("Payload", "payload_json", excerpt),
]
IMPORTED = [
    *SUMMARY,
    Column("Products", "products", quantity),
    Column("Imported", "imported", quantity),
    Column("Updated", "updated", quantity),
    Column("Failed jobs", "failed_jobs"),
]

JobArgument = Annotated[str, argument(JOB, "Job id, or the first characters of one that synq has shown.")]


@group.command("list", operations.LIST_BULK_JOBS, requests=(1, 3))
def list_jobs(
    run: RunContext,
    job_type: Annotated[bulk_jobs.JobType | None, option("--type", "TYPE", "Only jobs of this type.")] = None,
) -> None:
    """List bulk jobs, newest first.

    The API lists each type separately, so without --type this takes three requests.

    Examples:
      synq products jobs list
      synq products jobs list --type import --json
    """
    jobs = run.api.bulk_jobs
    rows = jobs.newest() if job_type is None else jobs.of_type(job_type)
    run.output.rows(rows, COLUMNS, empty="There are no bulk jobs.")


@group.command("get", operations.LIST_BULK_JOBS, requests=(1, 3))
def get_job(run: RunContext, job_id: JobArgument) -> None:
    """Show a bulk job.

    The API has no route for a single job: synq finds it in the list of its type, or of all three types if the job is
    not in the local cache.

    Examples:
      synq products jobs get 6424d462-9ef5-4791-9c99-98dafb993b88
      synq products jobs get 6424d462 --json
    """
    run.output.record(run.api.bulk_jobs.get(job_id), RECORD)


@group.command(
    "create", operations.CREATE_BULK_JOB, operations.LIST_BULK_JOBS, requests=(1, None), waits=True, bulk=True
)
def create_job(
    run: RunContext,
    job_type: Annotated[bulk_jobs.JobType, option("--type", "TYPE", "Type of the job. Required.")],
    file: Annotated[
        str, option("--file", FILE, "File of rows: JSON or YAML array, NDJSON, CSV or .xlsx; - for standard input.")
    ],
    wait: WaitOption = False,
    limit: ForOption = None,
    yes: YesOption = False,
) -> None:
    """Start a bulk job from a file.

    An import takes an object with a title for each new product, and optionally sku, description, category and brand.
    An update takes the same fields and the product's id. A delete takes a list of ids, or a table with the column
    id, and asks for confirmation. All rows are checked first; if any is invalid, synq lists the errors and sends
    nothing. The API accepts at most 10 MB.

    With --wait or --for, synq watches the job as `synq products jobs watch` does.

    Examples:
      synq products jobs create --type import --file products.json --wait
      synq products jobs create --type delete --file ids.json --dry-run
    """
    rows = bulk_jobs.checked_rows(job_type, _read_rows(run, file, job_type))
    count = f"{len(rows)} product{'s' * (len(rows) != 1)}"
    if job_type == "delete":
        confirm(run, f"Delete {count}? This can't be undone.", yes=yes)
    job = run.api.bulk_jobs.create(job_type, rows)
    if wait or limit is not None:
        _follow(run, str(job.get("id")), limit)
        return
    run.output.record(job, RECORD)
    run.output.note(f"To follow it, run: synq products jobs watch {job.get('id')}")


@group.command("watch", operations.LIST_BULK_JOBS, requests=(1, None), waits=True, bulk=True)
def watch_job(run: RunContext, job_id: JobArgument, limit: ForOption = None) -> None:
    """Watch a bulk job until it has finished.

    synq polls every 5 seconds at first, then up to every 30, and shows the progress. When the job has finished, synq
    prints it. If the job failed, the exit status is 9 if some rows succeeded, 3 if none did. Ctrl-C stops watching;
    the job continues.

    Examples:
      synq products jobs watch 6424d462-9ef5-4791-9c99-98dafb993b88
      synq products jobs watch 6424d462 --for 600 --json
    """
    _follow(run, job_id, limit)


@imports.command(
    "import", operations.CREATE_BULK_JOB, operations.LIST_BULK_JOBS, requests=(1, None), waits=True, bulk=True
)
def import_products(
    run: RunContext,
    file: Annotated[str, argument(FILE, "CSV, NDJSON or .xlsx file of any size; - is standard input.")],
    update: Annotated[bool, switch("--update", "Change existing products: each row has an id and a title.")] = False,
    wait: WaitOption = False,
    limit: ForOption = None,
    report: ReportOption = None,
    shard: ShardOption = None,
    again: AgainOption = False,
    yes: YesOption = False,
) -> None:
    """Import or change products from a file of any size.

    CSV (with commas, semicolons or tabs) names its columns in the first line: title, and optionally sku, description,
    category, brand, price, currency and barcode. Other columns are sent under their own names. Empty cells are left
    out, and prices keep their digits. NDJSON has one object a line with the same keys. Of an Excel workbook (.xlsx),
    FILE.xlsx#Sheet reads another sheet than the first. The file is read row by row, whatever its size.

    --update changes existing products, whose ids are in the column id; empty cells are left as they are. The API takes
    no row without a title. To see ids and titles, run `synq products list -o csv`. For some hundred products, `synq
    products update --file` needs no title, takes SKUs, too, and shows the outcome of each row.

    All rows are checked before anything is sent, including for duplicate SKUs, or ids with --update; every problem is
    listed by line. Then synq splits the file into bulk jobs below the API's limit of 10 MB, and asks before it sends
    them. On a slow connection, raise --timeout.

    The run keeps a journal of its jobs: `synq runs resume` creates the missing jobs, provided that the file has not
    changed. If a job got no response, synq looks for it in the list of jobs; if it is not there, its outcome stays
    unknown (exit status 10), and it is sent again only with `--resend-unknown`. If a run of the last 30 days has sent
    the same products, synq refuses to send them twice, unless you add --again or, on a terminal, confirm it.

    --wait and --for wait until all jobs have finished. If some of their rows failed, the exit status is 9. The API
    has no route for a single job, only for the list of jobs; some servers repeat every imported row in that list, and
    synq can't read a list of more than 64 MB.

    Some servers accept the rows only as base64. synq detects this and saves it in the profile as bulk_payload.

    Examples:
      synq products import catalog.csv --dry-run
      synq products import catalog.csv --wait --yes
      synq products import changes.csv --update --dry-run
    """
    from synq_cli.bulk.verbs.import_products import ImportProducts, UpdateCatalog

    name, verb = shown_name(file), (UpdateCatalog if update else ImportProducts)(run.api)
    verb.shard = parse_shard(shard)
    with run.local_runs.readable(file, run.system.stdin, run.runs) as path:
        with run.output.progress(f"Checking {name}, in MB") as bar:
            read = partial(verb.read, path, name, is_copy=path != Path(file), watch=bar.update)
            plan = run.bulk.plan(verb, read, file, path, again=again)
        if not agreed(run, plan, report, yes=yes):
            return
        outcome = run.bulk.start(plan)
        if (wait or limit is not None) and outcome.row["done"] and outcome.reason is None:
            _follow_import(run, outcome, verb.job_type, limit, report)
        else:
            finish(run, outcome, report)


def _follow(run: RunContext, job_id: str, limit: int | None) -> None:
    jobs, job = run.api.bulk_jobs, {}
    with run.output.progress(f"Job {job_id[:8]}") as shown:
        for job in jobs.watch(job_id, limit=limit):
            shown.update(*bulk_jobs.progress(job), str(job.get("status")))
    run.output.record(job, RECORD)
    jobs.raise_if_failed(job)


def _read_rows(run: RunContext, file: str, job_type: bulk_jobs.JobType) -> list[Any]:
    """The rows of a file: objects, or for a delete ids; UsageError lists every problem."""
    from synq_cli.bulk.plan import Problem, refuse
    from synq_cli.rows import Columns, RowReader, is_table

    text = run.system.read_rows(file)
    columns: Columns | None = bulk_jobs.COLUMNS
    if job_type == "delete":
        columns = Columns((("id",),)) if is_table(text, file) else None
    reader = RowReader(columns, shown_name(file))
    records = reader.read(text)
    problems = [Problem(record.line, record.problem) for record in records if record.problem]
    refuse(shown_name(file), problems, reader.unit)
    run.output.note(reader.remark)
    rows = [record.fields for record in records]
    return [row["id"] for row in rows] if columns and job_type == "delete" else rows


def _follow_import(
    run: RunContext, outcome: "Outcome", job_type: bulk_jobs.JobType, limit: int | None, report: str | None
) -> None:
    """Poll the jobs of a run, and print its summary however they end."""
    created = [entry for entry in outcome.entries if entry.receipt]
    ids = [str(entry.receipt) for entry in created]
    total = sum(entry.content["products"] for entry in created)
    jobs: list[Row] = []
    imported = 0
    try:
        with run.output.progress(job_type.capitalize()) as shown:
            for jobs in run.api.bulk_jobs.watch_jobs(job_type, ids, outcome.row["id"], limit=limit):
                imported = sum(bulk_jobs.progress(job)[0] or 0 for job in jobs)
                ended = sum(bulk_jobs.is_finished(job) for job in jobs)
                shown.update(imported, total, f"{ended} of {len(jobs)} job{'s' * (len(jobs) != 1)} finished")
    finally:
        failed = [str(job.get("id")) for job in jobs if bulk_jobs.has_failed(job)]
        done = "imported" if job_type == "import" else "updated"
        row = outcome.row | {"products": total, done: imported, "failed_jobs": failed}
        is_told = tell(run, outcome, row, IMPORTED, report)
    outcome.check()
    run.api.bulk_jobs.raise_if_any_failed(jobs)
    require_told(outcome, is_told=is_told)
