"""Checks on a busy machine that --timeout ends the installed program whatever stalls.

python scripts/deadlines.py [--runs N] [--jobs N] [--timeout SECONDS] [WORDS]   only cases whose name has these words

Runs each case of tests/journeys/stalled.py N times against real sockets and prints a Markdown table. Exits with 1 if a
run had to be killed, ended too late or too early, or reported a wrong outcome.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from bench_rounds import machine, say, table

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "journeys"))

from stalled import CASES, REFUSED, Case, Outcome, UnavailableError

# Seconds beyond --timeout that a run may take, including start-up; more if start-up alone takes longer on this machine.
_GRACE = 1.0
_LIMIT = 20.0  # seconds; a run that takes longer is killed and counted as a hang
# Ends with the process that started it, even if that is killed.
_BUSY = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    sum(range(1_000_000))"


@contextmanager
def busy_machine() -> Iterator[int]:
    """Keep each core busy with a process; yields how many."""
    count = os.cpu_count() or 1
    processes = [subprocess.Popen([sys.executable, "-c", _BUSY]) for _ in range(count)]
    try:
        yield count
    finally:
        for process in processes:
            process.kill()
            process.wait()


def run_once(case: Case, timeout: float, turn: Lock, gap: float) -> Outcome | str:
    """The outcome of one run, or the reason why the case can't run here; it starts `gap` seconds after the one before.

    Runs that start together slow down each other, and would go on doing so, since all take equally long.
    """
    with turn:
        time.sleep(gap)
    with tempfile.TemporaryDirectory() as folder:
        try:
            return case.run(Path(folder), timeout=timeout, limit=_LIMIT)
        except UnavailableError as error:
            return str(error)


def misses(case: Case, outcomes: list[Outcome], timeout: float, limit: float) -> list[str]:
    """What is wrong with these runs, counted."""
    wrong = Counter[str]()
    for outcome in outcomes:
        if outcome.status is None:
            wrong["hang"] += 1
            continue
        wrong["too late"] += outcome.seconds > limit
        wrong["too early"] += outcome.seconds < timeout
        wrong["wrong outcome"] += (outcome.status, outcome.code) != (case.status, case.code)
        wrong["wrong about what was sent"] += outcome.arrived != case.arrives
    return [f"{count} x {what}" for what, count in wrong.items() if count]


def row(case: Case, outcomes: list[Outcome | str], timeout: float, limit: float) -> tuple[tuple[str, ...], bool]:
    """The table row of a case, and whether the case failed."""
    done = [outcome for outcome in outcomes if isinstance(outcome, Outcome)]
    if not done:
        return (case.name, "0", "", "", "", f"not run: {outcomes[0]}", "", ""), False
    seconds = [outcome.seconds for outcome in done]
    statuses = Counter("killed" if outcome.status is None else str(outcome.status) for outcome in done)
    ends = Counter(
        f"{outcome.code}, {'sent' if outcome.arrived else 'not sent'}" for outcome in done if outcome.status is not None
    )
    wrong = misses(case, done, timeout, limit)
    cells = (
        case.name,
        str(len(done)),
        f"{statistics.median(seconds):.2f}",
        f"{max(seconds):.2f}",
        _counted(statuses),
        _counted(ends),
        str(statuses["killed"]),
        f"**missed**: {', '.join(wrong)}" if wrong else "met",
    )
    return cells, bool(wrong)


def _counted(found: Counter[str]) -> str:
    """The only value, or each value with its count."""
    if len(found) == 1:
        return next(iter(found))
    return "; ".join(f"{name} ({count} x)" for name, count in found.most_common())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="?", default="", help="only cases whose name has these words")
    parser.add_argument("--runs", type=int, default=50, help="runs of each case [default: 50]")
    parser.add_argument("--jobs", type=int, default=6, help="runs at the same time [default: 6]")
    parser.add_argument("--timeout", type=float, default=2.0, help="--timeout of each run [default: 2]")
    options = parser.parse_args()
    cases = [case for case in CASES if options.words in case.name]
    if not cases:
        parser.error(f'Unknown case "{options.words}": use words from {", ".join(case.name for case in CASES)}')
    outcomes: dict[str, list[Outcome | str]] = {case.name: [] for case in (REFUSED, *cases)}
    # In rounds, so that changes in the load of the machine affect all cases alike.
    turns = [case for _ in range(options.runs) for case in (REFUSED, *cases)]
    turn, gap = Lock(), options.timeout / options.jobs
    with busy_machine() as busy, ThreadPoolExecutor(options.jobs) as pool:
        ran = pool.map(lambda case: run_once(case, options.timeout, turn, gap), turns)
        for number, (case, outcome) in enumerate(zip(turns, ran, strict=True), 1):
            outcomes[case.name].append(outcome)
            say(f"run {number} of {len(turns)}")
    say("")
    alone = [outcome.seconds for outcome in outcomes[REFUSED.name] if isinstance(outcome, Outcome)]
    limit = options.timeout + max(_GRACE, *alone)
    rows = [row(case, outcomes[case.name], options.timeout, limit) for case in cases]
    wanted = f"{options.timeout:g} to {limit:.2f} s"
    head = ("what stalls", "runs", "median, s", "worst, s", "exit", "outcome", "hangs", wanted)
    print(
        f"{machine()}\n\n`--timeout {options.timeout:g} --max-wait 0`, {options.jobs} runs at a time beside {busy} "
        f"busy processes; a run is killed after {_LIMIT:g} s.\nIf nothing stalls (connection refused), the "
        f"program takes {statistics.median(alone):.2f} s, at worst {max(alone):.2f} s.\n"
    )
    print(table(head, *(cells for cells, _ in rows)))
    missed = sum(wrong for _, wrong in rows)
    skipped = sum(cells[1] == "0" for cells, _ in rows)
    print(f"{len(rows) - missed - skipped} of {len(rows)} met, {missed} missed, {skipped} not run.")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
