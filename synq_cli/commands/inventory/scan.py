"""`synq inventory scan`: a count with a handheld scanner."""

import shlex
from collections import deque
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Annotated

from synq_cli import barcodes
from synq_cli.cli.confirmation import offer
from synq_cli.cli.context import RunContext
from synq_cli.cli.groups import CommandGroup
from synq_cli.cli.metavars import FILE
from synq_cli.cli.options import BooksLocationOption, argument, switch
from synq_cli.errors import (
    AuthError,
    NetworkError,
    NotFoundError,
    PartialError,
    RateLimitedError,
    ServerError,
    UsageError,
)
from synq_cli.http import operations
from synq_cli.output import prompts
from synq_cli.output.columns import Column, Row
from synq_cli.output.formats import Cell, Format, delta, quantity, visible
from synq_cli.resources.inventory.counting.scan_file import RefusedLineError, ScanFile
from synq_cli.resources.inventory.counting.scanning import ScanSession
from synq_cli.resources.shared.pagination import PAGE

group = CommandGroup()

_DAY = 86_400.0
# Counts shown when a file is continued.
_LATEST = 10
# What does not keep anybody from counting.
_OFFLINE = (AuthError, NetworkError, NotFoundError, RateLimitedError, ServerError)


def _item(_value: object, row: Row, _now: float) -> Cell:
    if row["sku"] is None:
        why = row["title"] or ", ".join(filter(None, ("unknown code", barcodes.problem(row["code"]))))
        return Cell(visible(f"{row['code']}  {why}"), "yellow")
    return Cell(visible("  ".join(filter(None, (row["sku"], row["title"])))))


COLUMNS = [
    Column("Time", "scanned_at", table=False),
    Column("Code", "code", table=False),
    Column("SKU", "sku", table=False),
    Column("Units", "quantity", delta, width=5),
    Column("Counted", "counted", quantity, width=7),
    Column("Book", "on_hand", quantity, width=5),
    Column("Item", "title", Format(_item)),
    Column("Variant", "variant_id", table=False),
]


@group.command(
    "scan",
    operations.LIST_PRODUCTS,  # the only one that every server has: this works without any
    operations.LIST_VARIANTS,
    operations.LIST_LOCATIONS,
    operations.LIST_INVENTORY_LEVELS,
    requests=(0, None),
    exits=(9,),
)
def scan_codes(
    run: RunContext,
    file: Annotated[str, argument(FILE, "File to record into, such as friday.csv; continued if it exists.")],
    location: BooksLocationOption = None,
    blind: Annotated[bool, switch("--blind", "Show no book quantities, and read none.")] = False,
) -> None:
    """Record a count with a barcode scanner.

    For scanners that type a code and then Enter or Tab. Each scan is on the disk before the next is read, so a crash
    or a power cut loses nothing: run the same command again to continue. Ctrl-D ends the count, and so does Ctrl-C,
    with exit status 130. synq then names the command that posts the count.

    A line is a code for one unit, or `12*CODE` or `CODE 12` for twelve; 9,999 is the most. `-` takes the last line
    back, and `-` again the one before. A known code is taken as it is, even if it has a * or ends in a number; `1*CODE`
    does the same for an unknown one.

    Known are the SKUs and barcodes in the local cache, so scanning itself needs no network. If not all variants were
    read within a day, synq offers to read them first: 1 request per 100 variants, and 1 for titles. An unknown code
    beeps and is recorded without a SKU; so is a barcode that several variants have.

    With a location, synq first reads its stock, 1 request per 100 SKUs, and shows the book quantity beside each count;
    --blind skips this. If the stock can't be read, scanning goes on without it.

    FILE is CSV with the columns scanned_at (UTC), code, sku (empty for an unknown code) and quantity (negative for a
    line that is taken back). synq only adds lines to it. What a power cut has left of a line is removed with a
    warning. A second process that scans into the same file is refused.

    Without a terminal, codes are read from standard input, and lines that are refused lead to exit status 9. stdout
    has a row for each scan as it is recorded, in JSON an object per line; the summary is on stderr.

    Examples:
      synq inventory scan friday.csv
      synq inventory scan friday.csv --location "Leith warehouse"
      synq inventory scan friday.csv --blind
    """
    place = location or run.settings.location
    last_read = run.api.offline.completed()
    with closing(ScanFile(Path(file))) as scans:
        if scans.torn:
            run.output.warn(f'Removed the unfinished line "{scans.torn}" from the end of {file}: scan that item again.')
        _offer_to_read(run, last_read)
        books = _books(run, place) if place and not blind else None
        session = ScanSession(scans, run.api.offline.finder(), now=run.system.now, books=books)
        columns = [column for column in COLUMNS if column.key != "on_hand" or books is not None]
        _start(run, file, session, columns)
        try:
            with closing(_recorded(run, session)) as rows:
                try:
                    run.output.follow(rows, columns)
                except (BrokenPipeError, UsageError):
                    # All of standard input is recorded, whoever reads along, and wherever the rows go.
                    deque(() if run.system.stdin.isatty() else rows, maxlen=0)
                    raise
        finally:
            run.output.note(f"{file}: {session.summary()}.")
            if session.counts():
                run.output.note(f"Next: {_next_command(run, file, place)}")


def _offer_to_read(run: RunContext, last_read: tuple[float, int] | None) -> None:
    """Offer to read all variants into the local cache if that was not done within a day."""
    lacks, cost = "The local cache may lack SKUs.", f"1 request per {PAGE}"
    if last_read:
        at, count = last_read
        days = int((run.system.now() - at) // _DAY)
        if days <= 0:
            return
        lacks = f"The local cache of SKUs is {days} day{'s' * (days != 1)} old."
        cost = f"about {count // PAGE + 2} requests"
    if offer(run, f"{lacks} Read all variants first, {cost}?", only_words=True):
        try:
            with run.output.progress("Reading variants") as progress:
                for read in run.api.offline.read_all():
                    progress.update(note=f"{read:,}")
        except _OFFLINE as error:
            run.output.warn(f"The variants can't be read: {error.message}")
    else:
        run.output.note(f"{lacks} Codes that it lacks are recorded as unknown.")


def _books(run: RunContext, place: str) -> dict[str, int] | None:
    """The units on hand at a location; None, with a warning, if they can't be read."""
    run.output.note(f"Reading the stock at {place}, 1 request per {PAGE} SKUs; --blind skips this.")
    books: dict[str, int] = {}
    try:
        location_id, _ = run.api.locations.resolve(place)
        with run.output.progress("Reading stock") as progress:
            for page in run.api.inventory.on_hand_at(location_id):
                books |= page
                progress.update(note=f"{len(books):,}")
    except _OFFLINE as error:
        if isinstance(error, NotFoundError) and error.status is None:
            raise  # an unknown location
        run.output.warn(f"Book quantities are left out: {error.message}")
        return None
    return books


def _start(run: RunContext, file: str, session: ScanSession, columns: list[Column]) -> None:
    """Show the counts so far, and how to go on."""
    counts = session.counts()
    if counts:
        run.output.note(f"Continuing {file}: {session.summary()}." + f" The last {_LATEST}:" * (len(counts) > _LATEST))
    if counts and run.output.format == "table":
        run.output.rows(counts[-_LATEST:], [column for column in columns if column.key != "quantity"])
    if run.system.stdin.isatty():
        run.output.note("Scan. Type - to take the last line back, Ctrl-D to end.")


def _recorded(run: RunContext, session: ScanSession) -> Generator[list[Row], None, None]:
    """Record each line that is entered; gives its row, which is on the disk then."""
    refused = 0
    with closing(prompts.entered_lines(run.system.stdin, run.system.stderr)) as lines:
        for line in filter(str.strip, lines):
            try:
                row = session.record(line)
            except RefusedLineError as error:
                refused += 1
                run.output.beep(f"Not recorded: {error.message}")
                continue
            except UsageError:
                run.output.beep()  # whoever scans may not look
                raise
            if row["sku"] is None and row["quantity"] > 0:
                run.output.beep()
            yield [row]
    if refused and not run.system.stdin.isatty():
        raise PartialError(
            f"{refused} line{'s' * (refused != 1)} of standard input {'were' if refused > 1 else 'was'} not recorded."
        )


def _next_command(run: RunContext, file: str, place: str | None) -> str:
    profile = run.session.profile
    words = ["synq", "inventory", "count", file, "--location", place or "LOCATION"]
    return shlex.join([*words, *(["--profile", profile] if profile != "default" else [])])
