"""Checks that many synq processes on one state folder lose nothing, double nothing and damage nothing.

python scripts/crowd.py [--seconds N] [--processes N] [--kill-every SECONDS] [--seed N]

Real processes of the installed program work side by side on one sandbox, served on loopback: they read, adjust stock
one by one and from files, resume runs, renew tokens, and change settings and stored secrets. Some replies are late or
lost, and every second a random process is killed. Then every run is resumed to its end. Prints Markdown tables of what
was counted. Exits with 1 if an update was lost or doubled, a file was damaged, a process ended unexpectedly, or the API
refused more than one request.
"""

import argparse
import json
import random
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import yaml
from bench_rounds import machine, say, table

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "journeys"))

from served import LEITH, SYNQ, served

from synq_cli.sandbox.server.faults import add

# Profiles that send requests. synq renews a token five minutes before it expires: here after 20 seconds.
_SHOPS = ("shop0", "shop1", "shop2")
_LIFETIME = 320
_LONGEST_WAIT = 60  # --max-wait
_HANG = 300.0  # seconds; a process that takes longer is killed, and is a violation
_SKUS = 12
_ROWS = 8  # in a file
# Faults of adjustments and their rates, so that many are in flight when their process is killed, or are never answered.
_FAULTS = {"slow": 0.3, "lost": 0.04, "lost-before": 0.04}
_SENT = re.compile(r"^[A-Z]+ http\S+ (\d{3}) \d+ ms", re.MULTILINE)
_BAD = re.compile(r"Traceback|bug in synq|damaged|can't be used|not stored|has locked", re.IGNORECASE)
_INTERRUPTED, _UNKNOWN, _TOO_LONG = 130, 10, 6

Place = tuple[str, int]  # a variant and a change of its stock


@dataclass
class Done:
    """A process that has ended; `status` is None if it was killed."""

    status: int | None
    out: str


@dataclass
class Crowd:
    """The processes, and what they reported."""

    folder: Path
    environ: dict[str, str]
    skus: dict[str, str]  # variant ids by SKU
    over: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)
    live: dict["subprocess.Popen[str]", str] = field(default_factory=dict)
    ends: dict[str, Counter[int | None]] = field(default_factory=dict)
    replies: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    posted: dict[str, Place] = field(default_factory=dict)  # by the id of the ledger entry, as reported
    unclear: Counter[Place] = field(default_factory=Counter)
    kept: dict[str, Any] = field(default_factory=dict)
    renewed: dict[str, int] = field(default_factory=dict)
    changes: int = 10_000

    def run(self, kind: str, *line: str, profile: str, stdin: str = "", expected: tuple[int, ...] = ()) -> Done:
        """Run synq to its end; an end that is not expected is a violation."""
        process = subprocess.Popen(
            [SYNQ, *line, "--profile", profile],
            env=self.environ, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        with self.lock:
            self.live[process] = kind
        try:
            out, err = process.communicate(stdin, timeout=_HANG)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            out, err = process.communicate()
        status = None if process.returncode == -signal.SIGKILL else process.returncode
        with self.lock:
            del self.live[process]
            self.replies.update(_SENT.findall(err))
            self.ends.setdefault(kind, Counter())[status] += 1
        if status not in {None, 0, *expected} or _BAD.search(err):
            said = " ".join(line for line in err.splitlines() if not _SENT.match(line))
            self.blame(f"{kind} ended with {status}: synq {shlex.join(line)}: {said[-500:]}")
        if status == 0 and profile in _SHOPS:
            self.check_token(profile, process.pid)
        return Done(status, out)

    def blame(self, sentence: str) -> None:
        """Note a violation."""
        with self.lock:
            self.violations.append(sentence)

    def next_change(self) -> int:
        """A number that nothing else gets."""
        with self.lock:
            self.changes += 1
            return self.changes

    # What the workers do.

    def read(self, rng: random.Random, _worker: int) -> None:
        sku = rng.choice(list(self.skus))
        lines = (
            f"inventory levels {sku}",
            "orders list --limit 3",
            "runs list",
            "limits",
            "config list",
            "auth status",
        )
        line = rng.choice(lines).split()
        done = self.request(rng, "read", *line)
        if done.status == 0:
            json.loads(done.out)

    def adjust(self, rng: random.Random, _worker: int) -> None:
        sku, delta = rng.choice(list(self.skus)), self.next_change()
        line = ["inventory", "adjust", sku, str(delta), "--location", LEITH]
        done = self.request(rng, "adjust", *line, expected=(_UNKNOWN,))
        with self.lock:
            if done.status == 0:
                self.posted[json.loads(done.out)["id"]] = self.skus[sku], delta
            elif done.status in {None, _UNKNOWN}:
                self.unclear[self.skus[sku], delta] += 1

    def adjust_file(self, rng: random.Random, worker: int) -> None:
        # Small changes, so that several runs make the same one.
        rows = (f"{sku},{rng.choice((-2, -1, 1, 2))}" for sku in rng.sample(list(self.skus), _ROWS))
        file = self.folder / "files" / f"{worker}-{self.next_change()}.csv"
        file.write_text("\n".join(["sku,delta", *rows, ""]), encoding="utf-8")
        line = ["inventory", "adjust", "--file", str(file), "--location", LEITH, "--yes", "--again"]
        self.request(rng, "adjust --file", *line, expected=(_UNKNOWN, _INTERRUPTED))

    def resume(self, rng: random.Random, worker: int) -> None:
        """Resume a run that was started by this worker, whose processes are all dead."""
        done = self.run("read", "runs", "list", "--json", profile="shop0")
        rows = json.loads(done.out) if done.status == 0 else []
        own = [row for row in rows if Path(row["file"]).name.startswith(f"{worker}-")]
        if running := [row["id"] for row in own if row["state"] == "running"]:
            self.blame(f"Runs {running} are said to be running, but their processes are dead.")
        if stopped := [row for row in own if row["state"] == "stopped"]:
            self.finish_run(rng.choice(stopped))

    def finish_run(self, row: dict[str, Any]) -> None:
        line = ["runs", "resume", row["id"], "--json"]
        self.run("resume", *line, profile=row["profile"], expected=(_UNKNOWN, _INTERRUPTED))

    def renew(self, rng: random.Random, _worker: int) -> None:
        self.run("renew", "auth", rng.choice(("refresh", "token")), profile=rng.choice(_SHOPS))

    def change_setting(self, rng: random.Random, worker: int) -> None:
        name, value = rng.choice(("timeout", "max_wait")), self.next_change()
        self.change(f"w{worker}", name, value, "setting", "config", "set", name, str(value))

    def change_secret(self, _rng: random.Random, worker: int) -> None:
        secret, body = f"secret-{self.next_change()}", str(self.folder / "files" / "body.json")
        line = ["webhooks", "sign", body, "--secret-stdin", "--keep-secret"]
        self.change(f"w{worker}", "#webhook", secret, "secret", *line, stdin=secret)

    def change(self, profile: str, name: str, value: object, kind: str, *line: str, stdin: str = "") -> None:
        """Change a value that nobody else changes, and look whether it is there."""
        done = self.run(kind, *line, profile=profile, stdin=stdin)
        place = profile + name
        before = self.kept.get(place)
        possible = {value} if done.status == 0 else {value, before} if done.status is None else {before}
        found = stored(self.folder).get(place)
        if found not in possible:
            self.blame(f"A lost update: {place} is {found}, not {possible}.")
        self.kept[place] = found

    def request(self, rng: random.Random, kind: str, *line: str, expected: tuple[int, ...] = ()) -> Done:
        options = ("--json", "--max-wait", str(_LONGEST_WAIT))
        return self.run(kind, *line, *options, profile=rng.choice(_SHOPS), expected=(_TOO_LONG, *expected))

    def check_token(self, shop: str, asker: int) -> None:
        """The stored token must be the one that this process has stored, or a later one."""
        own = [number for number, (who, _) in enumerate(issued(self.folder, shop)) if who == asker]
        with self.lock:
            least = self.renewed[shop] = max(self.renewed.get(shop, -1), *own, -1)
        token = stored(self.folder).get(shop)
        last = max((number for number, (_, one) in enumerate(issued(self.folder, shop)) if one == token), default=-1)
        if last < least:
            self.blame(f"A lost update: the token of {shop} is number {last}, but number {least} was stored.")

    # The crowd as a whole.

    def work(self, worker: int, acts: tuple[Callable[[random.Random, int], None], ...], seed: int) -> None:
        rng = random.Random(f"{seed} {worker}")
        try:
            while not self.over.is_set():
                rng.choice(acts)(rng, worker)
        except Exception as error:
            self.blame(f"Worker {worker} stopped: {error!r}")
            raise

    def kill_some(self, pause: float, seed: int) -> None:
        """Kill a random process every `pause` seconds."""
        rng = random.Random(seed)
        while not self.over.wait(pause):
            with self.lock:
                if self.live:
                    rng.choice(list(self.live)).kill()

    def gather(self, processes: int, seconds: float, pause: float, seed: int) -> None:
        """Let them work for these seconds while one is killed every `pause` seconds, and wait for all to end."""
        changing, renewing = (self.change_setting, self.change_secret), (self.renew, self.read)
        filing, selling = (self.adjust_file, self.resume), (self.adjust, self.adjust, self.read)
        turns = (changing, filing, selling, filing, changing, selling, renewing, selling)
        workers = [
            Thread(target=self.work, args=(number, turns[number % len(turns)], seed)) for number in range(processes)
        ]
        for thread in (*workers, killer := Thread(target=self.kill_some, args=(pause, seed))):
            thread.start()
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            say(f"{left:.0f} s to go, {len(self.violations)} violations")
            time.sleep(min(left, 1.0))
        self.over.set()
        killer.join()
        with self.lock:
            for process, kind in self.live.items():
                if kind in {"adjust --file", "resume"}:
                    process.send_signal(signal.SIGINT)  # they would wait for the rate limit without end
        for thread in workers:
            thread.join()

    def finish(self) -> None:
        """Change each file once more, and resume every run that has rows left."""
        for change in (self.change_setting, self.change_secret):
            change(random.Random(0), 0)
        for state in ("stopped", "unclear"):
            done = self.run("read", "runs", "list", "--json", profile="shop0")
            left = [row for row in json.loads(done.out) if row["state"] == state]
            for number, row in enumerate(left):
                say(f"resuming run {number + 1} of {len(left)}")
                self.finish_run(row)

    def check_ledger(self, mark: int) -> list[tuple[str, ...]]:
        """Compare the ledger, beyond this entry, with what was reported; gives rows of the table."""
        with closing(sqlite3.connect(self.folder / "state" / "sandbox.sqlite3")) as tenant:
            rows = tenant.execute("SELECT id, variant_id, quantity_delta FROM ledger WHERE sequence > ?", (mark,))
            ledger = {name: (variant, delta) for name, variant, delta in rows}
        single = len(self.posted)
        states = Counter[str]()
        small = set[Place]()
        for row in journaled(self.folder):
            states[row["state"]] += 1
            place = row["variant_id"], row["delta"]
            small.add(place)
            if row["state"] == "done":
                if row["receipt"] in self.posted:
                    self.blame(f"Two reports of success name the ledger entry {row['receipt']}.")
                self.posted[row["receipt"]] = place
            elif row["state"] == "unknown":
                self.unclear[place] += 1
            else:
                self.blame(f"A row is {row['state']} after its run was resumed: {row}.")
        for name, place in self.posted.items():
            if ledger.get(name) != place:
                self.blame(f"Reported as posted: {place}, but the ledger's entry {name} is {ledger.get(name)}.")
        extra = Counter(place for name, place in ledger.items() if name not in self.posted)
        for place, count in (extra - self.unclear).items():
            self.blame(f"{count} x {place} is in the ledger, but nobody reported it.")
        return [
            ("adjustments reported as done", f"{len(self.posted)} ({single} single, {states['done']} from files)"),
            ("their sum", f"{sum(delta for _, delta in self.posted.values()):+,d}"),
            ("adjustments of unknown outcome", f"{self.unclear.total()} ({states['unknown']} from files)"),
            (
                "of these in the ledger",
                f"{extra.total()} ({sum(extra[place] for place in extra if place in small)} from files)",
            ),
            ("their sum", f"{sum(delta * count for (_, delta), count in extra.items()):+,d}"),
            ("sum of the ledger", f"{sum(delta for _, delta in ledger.values()):+,d}"),
        ]

    def check_files(self) -> list[tuple[str, ...]]:
        """Look for damaged files, and files that were left behind; gives rows of the table."""
        databases = sorted((self.folder / "state").rglob("*.sqlite3"))
        for path in databases:
            with closing(sqlite3.connect(path)) as database:
                if (said := database.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
                    self.blame(f"{path.name} is damaged: {said}")
        stored(self.folder)
        json.loads((self.folder / "state" / "memory.json").read_text(encoding="utf-8"))
        places = [self.folder / "config", self.folder / "state"]
        left = [
            path for place in places for path in place.rglob("*") if path.suffix == ".new" or ".damaged" in path.name
        ]
        for path in left:
            self.blame(f"Left behind: {path.relative_to(self.folder)}")
        return [("files checked", str(len(databases) + 3)), ("files left behind", str(len(left)))]

    def summary(self) -> str:
        """What the processes did, as a table."""
        rows = []
        for kind, ends in sorted(self.ends.items()):
            others = ends.total() - sum(ends[status] for status in (0, None, _TOO_LONG, _UNKNOWN, _INTERRUPTED))
            counts = (ends[0], ends[None], ends[_TOO_LONG], ends[_UNKNOWN], ends[_INTERRUPTED], others)
            rows.append((kind, str(ends.total()), *map(str, counts)))
        total = [str(sum(int(row[at]) for row in rows)) for at in range(1, 8)]
        head = (
            "processes",
            "started",
            "done",
            "killed",
            "rate limit (6)",
            "unknown (10)",
            "interrupted (130)",
            "other",
        )
        return table(head, *rows, ("all", *total))


def stored(folder: Path) -> dict[str, Any]:
    """Every setting and every secret, by the profile and its name."""
    config = yaml.safe_load((folder / "config" / "config.yaml").read_text(encoding="utf-8"))
    settings = {f"{profile}{name}": value for profile, row in config["profiles"].items() for name, value in row.items()}
    secrets: dict[str, Any] = json.loads((folder / "config" / "credentials.json").read_text(encoding="utf-8"))
    return settings | secrets


def issued(folder: Path, shop: str) -> list[tuple[int, str]]:
    """The tokens that a shop's token_command has printed, each after the process that asked for it."""
    log = folder / f"{shop}.log"
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return [(int(asker), token) for asker, token in map(str.split, lines)]


def journaled(folder: Path) -> Iterator[dict[str, Any]]:
    """Every row of every run."""
    for path in sorted((folder / "state" / "runs").glob("*.sqlite3")):
        with closing(sqlite3.connect(path)) as journal:
            for state, content, receipt in journal.execute("SELECT state, content, receipt FROM entries"):
                yield {"run": path.stem, "state": state, "receipt": receipt, **json.loads(content)}


def set_up(folder: Path, environ: dict[str, str], workers: int) -> Crowd:
    """Profiles of the shops and the workers, and the tenant's first SKUs."""
    url, database = environ["SYNQ_BASE_URL"], folder / "state" / "sandbox.sqlite3"
    helper = [sys.executable, str(Path(__file__).with_name("issue_token.py")), str(database)]
    shops = {shop: {"token_command": [*helper, str(folder / f"{shop}.log"), str(_LIFETIME)]} for shop in _SHOPS}
    own: dict[str, dict[str, Any]] = {f"w{number}": {} for number in range(workers)}
    profiles = {name: {"base_url": url, "token_store": "file", **row} for name, row in (shops | own).items()}
    for name in ("config", "files"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    (folder / "config" / "config.yaml").write_text(json.dumps({"profiles": profiles}), encoding="utf-8")
    (folder / "config" / "credentials.json").write_text("{}", encoding="utf-8")
    (folder / "files" / "body.json").write_text("{}", encoding="utf-8")
    for kind, rate in _FAULTS.items():
        add(database, kind, on="POST /api/v1/inventory/adjust", rate=rate, seconds=1.0 if kind == "slow" else None)
    with closing(sqlite3.connect(database)) as tenant:
        skus = dict(tenant.execute("SELECT sku, id FROM live_variants ORDER BY sku LIMIT ?", (_SKUS,)))
    kept = {f"w{number}{name}": None for number in range(workers) for name in ("timeout", "max_wait", "#webhook")}
    named = {name: value for name, value in environ.items() if name not in {"SYNQ_TOKEN", "SYNQ_BASE_URL"}}
    return Crowd(folder, {**named, "SYNQ_DEBUG": "1"}, skus, kept=kept)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=300.0, help="how long they work [default: 300]")
    parser.add_argument("--processes", type=int, default=16, help="processes at the same time [default: 16]")
    parser.add_argument("--kill-every", type=float, default=1.0, help="seconds between two kills [default: 1]")
    parser.add_argument("--seed", type=int, default=1, help="seed of what is done and killed [default: 1]")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, served(Path(name)) as environ:
        folder = Path(name)
        crowd = set_up(folder, environ, options.processes)
        with closing(sqlite3.connect(folder / "state" / "sandbox.sqlite3")) as tenant:
            mark = tenant.execute("SELECT MAX(sequence) FROM ledger").fetchone()[0]
        crowd.gather(options.processes, options.seconds, options.kill_every, options.seed)
        crowd.finish()
        facts = [("replies of the API", str(crowd.replies.total())), ("of these 429", str(crowd.replies["429"]))]
        if crowd.replies["429"] > 1:
            crowd.blame(f"The API refused {crowd.replies['429']} requests.")
        facts += crowd.check_ledger(mark)
        facts.append(("tokens issued", str(sum(len(issued(folder, shop)) for shop in _SHOPS))))
        facts += crowd.check_files()
    say("")
    print(
        f"{machine()}\n\n{options.processes} processes for {options.seconds:g} s, one killed every "
        f"{options.kill_every:g} s, seed {options.seed}\n"
    )
    print(crowd.summary())
    print(table(("counted", ""), *facts))
    for sentence in crowd.violations:
        print(f"- {sentence}")
    print(f"{len(crowd.violations)} violations.")
    sys.exit(1 if crowd.violations else 0)


if __name__ == "__main__":
    main()
