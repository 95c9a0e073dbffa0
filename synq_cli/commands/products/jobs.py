"""`synq products jobs`: many products at once, in the background."""

from typing import Annotated

import typer

from synq_cli.cli.lazy_groups import Noun
from synq_cli.cli.options import ForOption, WaitOption, YesOption, invocation
from synq_cli.cli.values import FILE, JOB
from synq_cli.http import operations
from synq_cli.output.columns import Column
from synq_cli.output.formats import age, excerpt, identifier, quantity, state, timestamp
from synq_cli.resources.products import bulk_jobs

group = Noun("Start bulk jobs and follow them.")

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

JobArgument = Annotated[str, typer.Argument(metavar=JOB, help="The job's id, or its first letters once seen.")]


@group.command("list", operations.LIST_BULK_JOBS, requests=(1, 3))
def list_jobs(
    ctx: typer.Context,
    job_type: Annotated[
        bulk_jobs.JobType | None,
        typer.Option("--type", metavar="TYPE", case_sensitive=False, help="Only jobs of this type."),
    ] = None,
) -> None:
    """List bulk jobs, newest first.

    The API lists each type apart, so without --type it takes three requests.

    Examples:
      synq products jobs list
      synq products jobs list --type import --json
    """
    run = invocation(ctx)
    jobs = run.api.bulk_jobs
    rows = jobs.newest() if job_type is None else jobs.of_type(job_type)
    run.output.rows(rows, COLUMNS, empty="There are no bulk jobs.")


@group.command("get", operations.LIST_BULK_JOBS, requests=(1, 3))
def get_job(ctx: typer.Context, job_id: JobArgument) -> None:
    """Show a bulk job.

    The API has no route for one job: synq looks for it in the lists of its type, or of all three for a job that it
    has not seen before.

    Examples:
      synq products jobs get 6424d462-9ef5-4791-9c99-98dafb993b88
      synq products jobs get 6424d462 --json
    """
    run = invocation(ctx)
    run.output.record(run.api.bulk_jobs.get(job_id), RECORD)


@group.command(
    "create", operations.CREATE_BULK_JOB, operations.LIST_BULK_JOBS, requests=(1, None), waits=True, bulk=True
)
def create_job(
    ctx: typer.Context,
    job_type: Annotated[
        bulk_jobs.JobType,
        typer.Option("--type", metavar="TYPE", case_sensitive=False, help="What the job does. Required."),
    ],
    file: Annotated[
        str, typer.Option("--file", metavar=FILE, help="The rows: an array in JSON or YAML, or NDJSON; - is stdin.")
    ],
    wait: WaitOption = False,
    limit: ForOption = None,
    yes: YesOption = False,
) -> None:
    """Start a bulk job from a file.

    An import takes an object with a title for each new product, and may give sku, description, category and brand.
    An update takes the same with the product's id. A delete takes ids alone; synq asks before it starts one. Every
    row is checked first; if one is wrong, all that is wrong is listed and nothing is sent. The API takes at most
    10 MB.

    With --wait or --for it is followed like `synq products jobs watch` does.

    Examples:
      synq products jobs create --type import --file products.json --wait
      synq products jobs create --type delete --file ids.json --dry-run
    """
    run = invocation(ctx)
    rows = bulk_jobs.checked_rows(job_type, run.read_rows(file, None if job_type == "delete" else bulk_jobs.COLUMNS))
    count = f"{len(rows)} product{'s' * (len(rows) != 1)}"
    if job_type == "delete" and not run.confirmed(f"Delete {count}? There is no undo.", yes=yes):
        return
    job = run.api.bulk_jobs.create(job_type, rows)
    if wait or limit is not None:
        _follow(ctx, str(job.get("id")), limit)
        return
    run.output.record(job, RECORD)
    run.output.note(f"Follow it with: synq products jobs watch {job.get('id')}")


@group.command("watch", operations.LIST_BULK_JOBS, requests=(1, None), waits=True, bulk=True)
def watch_job(ctx: typer.Context, job_id: JobArgument, limit: ForOption = None) -> None:
    """Follow a bulk job until it has ended.

    synq looks every 5 seconds, then less often, down to every 30, and shows how far the job is. At the end it
    prints the job. A job that failed ends with exit 9 if some of its rows went through, with exit 3 if none did.
    Ctrl-C ends the watching, not the job.

    Examples:
      synq products jobs watch 6424d462-9ef5-4791-9c99-98dafb993b88
      synq products jobs watch 6424d462 --for 600 --json
    """
    _follow(ctx, job_id, limit)


def _follow(ctx: typer.Context, job_id: str, limit: int | None) -> None:
    run = invocation(ctx)
    jobs, job = run.api.bulk_jobs, {}
    with run.output.progress(f"Job {job_id[:8]}") as shown:
        for job in jobs.watch(job_id, limit=limit):
            shown.update(*bulk_jobs.progress(job), str(job.get("status")))
    run.output.record(job, RECORD)
    jobs.raise_if_failed(job)
