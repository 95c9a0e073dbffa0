"""A stock count, posted as adjustments: `synq inventory count`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from synq_cli.bulk.counting.count_file import (
    BOOKS,
    COUNT,
    Count,
    CountRow,
    CountWriter,
    book_row,
    count_row,
)
from synq_cli.bulk.counting.earlier import NAME, EarlierCounts
from synq_cli.bulk.counting.plan import CountPlan, Limit, Variance
from synq_cli.bulk.journal import Content, Row, hash_of
from synq_cli.bulk.plan import FIX, Problem, listed, refuse
from synq_cli.bulk.verbs.adjust_stock import AdjustStock
from synq_cli.bulk.verbs.variants import find_variants
from synq_cli.bulk.verbs.verb import Shown
from synq_cli.errors import NotFoundError, UsageError
from synq_cli.resources.inventory.counting.books import Books, ahead_by
from synq_cli.resources.inventory.ledger import Move, Place
from synq_cli.resources.shared.pagination import PAGE
from synq_cli.rows import Record, RowReader
from synq_cli.session.settings import SANDBOX
from synq_cli.times import local_time
from synq_cli.uuids import parse_uuid

_SKIP = "Fix the file, or add --skip-unknown to leave rows with unknown codes out."
# Clocks that differ by so many seconds are mentioned.
_SKEW = 2.0
# A count rarely takes so many seconds; a scan file that was continued a week later would count everything twice.
_LONG = 2 * 86_400.0


@dataclass(frozen=True)
class CountOptions:
    """How a count is posted: see the options of the command.

    `at` is the time of rows without one, else `now`, in epoch seconds. `books` is the text and the name of a file.
    `earlier` reads what other counts have posted, `note` is told what is read.
    """

    location: str | None
    now: float
    earlier: Callable[[], EarlierCounts]
    note: Callable[[str | None], None]
    at: float | None = None
    zero_missing: bool = False
    recount_over: Limit | None = None
    skip_unknown: bool = False
    books: tuple[str, str] | None = None
    again: bool = False


@dataclass(frozen=True)
class _Counted:
    """The rows of a file, added up; those with unknown codes; and the codes that were counted and taken back.

    `own` is how many of the rows are in the shard that is read.
    """

    rows: Sequence[CountRow]
    own: int
    counts: Sequence[Count]
    unknown: Sequence[CountRow]
    taken_back: Sequence[str]


class _Named(NamedTuple):
    """A place by its ids, and its SKU and location by name."""

    ids: Place
    sku: str
    location: str


class CountStock(AdjustStock):
    """POST /api/v1/inventory/adjust for each variance: what was counted less the books at that time."""

    name = NAME

    def read_count(self, text: str, name: str, options: CountOptions) -> CountPlan:
        """The plan of a count; UsageError lists everything that is wrong with its file.

        NotFoundError if the server lacks the ledger or the levels, ConflictError if stock moves all the time.
        """
        reader = RowReader(COUNT, name)
        counted, earlier = self._counted(reader, text, name, options), options.earlier()
        counts = counted.counts
        if not options.again:
            earlier.check(count for count in counts if self._has(count.place))
        whole = _only_location(counts) if options.zero_missing else None
        if options.books:
            books, skus, warnings = self._books_in_file(*options.books, options.location)
            lacking = [count for count in counts if count.place not in books.on_hand]
            what = f"is not in {options.books[1]}: add a row to it, with 0 if it was never stocked"
            refuse(name, [Problem(each.line, f"{each.sku} at {each.location} {what}") for each in lacking], reader.unit)
        else:
            since = min(count.first for count in counts)
            ledger = f"its ledger since {local_time(since)} (2 per {PAGE} entries)"
            options.note(f"Reading the stock (1 request per {PAGE} SKUs) and {ledger}.")
            places = {count.place for count in counts}
            found, skus = self._api.books.read(places, since, whole=whole and whole[0])
            books, warnings = replace(found, corrections=earlier.corrections), []
            options.note(self._clocks(books.offset))
        writer = CountWriter(reader)
        if whole:
            back = set(counted.taken_back)
            missing = _not_found(counts, books, skus, whole, writer, counted.rows[-1].line)
            counts = [*counts, *(count for count in missing if count.sku not in back)]
        variances: list[Variance] = []
        left_out: list[Variance] = []
        for count in counts:
            if not self._has(count.place):
                continue  # in another shard
            named = replace(count, sku=skus.get(count.place, count.sku)) if parse_uuid(count.sku) else count
            on_hand = None if options.books else books.now(count.place)
            is_uncertain = count.is_missing and bool(books.during(count.place, count.first, count.last))
            variance = Variance(named, books.at(count.place, count.last), on_hand, is_uncertain=is_uncertain)
            is_over = options.recount_over is not None and options.recount_over.is_passed(variance)
            (left_out if is_over or is_uncertain else variances).append(variance)
        return CountPlan(
            self,
            [
                Row(each.count.line, each.content(), writer.row(each.count), hashes=hash_of(_identity(each, options)))
                for each in variances
                if each.delta
            ],
            [*warnings, *_warnings(counted, variances, left_out, books)],
            writer.dialect_with_time,
            list(reader.others),
            reader.guessed,
            check=lambda: earlier.check_still(options.earlier(), {each.count.place for each in variances}),
            shard=self.shard,
            whole=len(counted.rows),
            read=counted.own,
            levels={
                (each.count.line, each.count.location): each.on_hand for each in variances if each.on_hand is not None
            },
            variances=variances,
            left_out=left_out,
            beside={
                "recount": [writer.to_count(each.count) for each in left_out],
                "unknown": [row.source for row in counted.unknown if self._has(row.code)],
            },
            beside_dialect=reader.dialect,
        )

    def shown(self, content: Content) -> Shown:
        if "counted" not in content:  # what undoes a count
            return super().shown(content)
        when = f"{content['counted_at'][:16].replace('T', ' ')} UTC"
        return content["sku"], [("counted", f"{content['counted']} at {when}"), ("book", content["book"])]

    def _has(self, place: Place | str) -> bool:
        """Whether a place, or a code without one, is in the shard that is read."""
        return self.shard is None or self.shard.has(place if isinstance(place, str) else " ".join(place))

    def _clocks(self, offset: tuple[float, float] | None) -> str | None:
        """What is assumed about the API's clock, if that is worth a sentence."""
        if offset is None and self._api.transport.session.profile != SANDBOX:
            return "The API does not send its time: its clock is taken to agree with this machine's."
        ahead = ahead_by(offset)
        if abs(ahead) < _SKEW:
            return None
        off = f"{abs(ahead):,.0f} s {'ahead of' if ahead > 0 else 'behind'} this machine's"
        return f"The API's clock is {off}: the times of the count are compared accordingly."

    def _counted(self, reader: RowReader, text: str, name: str, options: CountOptions) -> _Counted:
        """The counts in a file; UsageError lists every problem that can be found without the books."""
        rows = _checked(reader, text, name, lambda record: count_row(record, options.now))
        places, problems, unknown = self._places(rows, options.location)
        refuse(name, problems, reader.unit)
        groups: dict[Place | str, list[CountRow]] = {}  # by place, or by the code if that is unknown
        for row in rows:
            groups.setdefault(places[row.line].ids if row.line in places else row.code, []).append(row)
        at = options.now if options.at is None else options.at
        counts, skipped, taken_back = [], [], []
        for key, same in groups.items():
            if sum(row.units for row in same) == 0 > min(row.units for row in same):
                taken_back.append(same[0].code if isinstance(key, str) else places[same[0].line].sku)
            elif isinstance(key, str):
                skipped += same
            else:
                place = places[same[0].line]
                counts.append(Count.of(key, place.sku, place.location, same, at))
        problems = [
            Problem(count.line, f"{count.sku} adds up to {count.units}: a count can't be negative")
            for count in counts
            if count.units < 0
        ]
        if not options.skip_unknown:
            problems += [unknown[row.line] for row in skipped]
        refuse(name, problems, reader.unit, hint=_SKIP if skipped and not options.skip_unknown else FIX)
        if not counts:
            raise UsageError(f"{name} counts no SKU.", hint="Add counted SKUs to the file; nothing was sent.")
        own = sum(len(same) for key, same in groups.items() if self._has(key))
        return _Counted(rows, own, counts, skipped, taken_back)

    def _places(
        self, rows: Sequence[CountRow], default: str | None
    ) -> tuple[dict[int, _Named], list[Problem], dict[int, Problem]]:
        """The places of rows by line, the problems with locations, and those with codes by line."""
        locations = self._locations({row.location or default or "" for row in rows})
        variants, unknown = find_variants(self._api, [Row(row.line, row.named) for row in rows])
        places, problems = {}, []
        for row in rows:
            location = locations[row.location or default or ""]
            if isinstance(location, NotFoundError):
                problems.append(Problem.of(row.line, location))
            elif found := variants.get(row.line):
                places[row.line] = _Named((found["variant_id"], location[0].lower()), found["sku"], location[1])
        return places, problems, {problem.line: problem for problem in unknown}

    def _books_in_file(self, text: str, name: str, location: str | None) -> tuple[Books, dict[Place, str], list[str]]:
        """The books in a file, the SKUs that it names, and what is assumed."""
        reader = RowReader(BOOKS, name)
        rows = _checked(reader, text, name, book_row)
        places, problems, _ = self._places(rows, location)  # what is not known can't be counted either
        on_hand: dict[Place, int] = {}
        for row in rows:
            if row.line in places:
                place = places[row.line].ids
                if place in on_hand:
                    problems.append(Problem(row.line, f"{row.code} is given twice for this location"))
                on_hand[place] = row.units
        refuse(name, problems, reader.unit)
        skus = {place.ids: place.sku for place in places.values()}
        assumed = (
            f"The books are those of {name}: they are taken for the stock at the time of the count, and what moved "
            "between the two is not taken into account."
        )
        return Books(on_hand), skus, [assumed]


def _checked(reader: RowReader, text: str, name: str, check: Callable[[Record], CountRow]) -> list[CountRow]:
    """The rows of a file, checked without a request; UsageError lists what is wrong with them."""
    rows, problems = [], []
    for record in reader.read(text):
        if record.problem:
            problems.append(Problem(record.line, record.problem))
            continue
        try:
            rows.append(check(record))
        except UsageError as error:
            problems.append(Problem.of(record.line, error))
    refuse(name, problems, reader.unit)
    return rows


def _only_location(counts: Sequence[Count]) -> tuple[str, str]:
    """Id and name of the location of all counts; UsageError if there are several."""
    names = {count.place[1]: count.location for count in counts}
    if len(names) > 1:
        raise UsageError(
            f"--zero-missing takes one location, but the file names {len(names)}: {', '.join(sorted(names.values()))}.",
            hint="Count one location at a time.",
        )
    return next(iter(names.items()))


def _not_found(
    counts: Sequence[Count],
    books: Books,
    skus: dict[Place, str],
    whole: tuple[str, str],
    writer: CountWriter,
    line: int,
) -> list[Count]:
    """Counts of 0 for what the books have at a location and was not found; their lines follow those of the file."""
    first, last = min(count.first for count in counts), max(count.last for count in counts)
    found = {count.place for count in counts}
    places = sorted({*books.on_hand, *books.moves}, key=lambda place: skus.get(place, place[0]))
    missing = [place for place in places if place[1] == whole[0] and place not in found]
    named = [(place, skus.get(place, place[0])) for place in missing if books.at(place, last) or books.at(place, first)]
    return [
        Count(at, place, sku, whole[1], 0, first, last, writer.new(sku, place, whole[1]), is_missing=True)
        for at, (place, sku) in enumerate(named, line + 1)
    ]


def _identity(variance: Variance, options: CountOptions) -> str:
    """What a row posts. With books from a file the time of the run is left out, else no two runs would be equal."""
    count = variance.count
    at = count.last if count.is_timed or options.at is not None or not options.books else ""
    return f"{count.place} {count.units} {variance.book} {at}"


def _warnings(
    counted: _Counted, variances: Sequence[Variance], left_out: Sequence[Variance], books: Books
) -> Iterator[str]:
    """What is not counted, and what makes a variance less than certain."""
    first, last = min(count.first for count in counted.counts), max(count.last for count in counted.counts)
    if last - first > _LONG:
        yield f"The rows span {(last - first) / 86_400:.0f} days: check that they are of one count."
    if counted.taken_back:
        yield f"Taken back, so neither counted nor missing: {listed(counted.taken_back)}."
    if codes := dict.fromkeys(row.code for row in counted.unknown):
        yield f"Unknown codes, left out: {listed(codes)}."
    moved, adjusted = [], []
    for each in variances:
        count = each.count
        if moves := books.during(count.place, count.first, count.last):
            moved.append(f"{count.sku} {_units(moves)}")
        later = [move for move in books.after(count.place, count.last) if move.kind == "adjustment"]
        if each.delta and later:
            adjusted.append(f"{count.sku} {_units(later)}")
    if moved:
        yield f"Moved while they were counted, so that the variance may be off by as much: {listed(moved)}."
    if uncertain := [each.count.sku for each in left_out if each.count.is_missing and each.is_uncertain]:
        yield f"Not found, but moved during the count, so they are left out: {listed(uncertain)}."
    if adjusted:
        yield (
            f"Adjusted since they were counted: {listed(adjusted)}. This is taken for goods that moved. If it was "
            "this count, posted on another machine, do not post it again."
        )


def _units(moves: Iterable[Move]) -> str:
    return f"{sum(move.delta for move in moves):+,}"
