"""Commands over a slow link: round trips of 40 ms with TLS, compared with other tools, and 5,000 orders over 150 ms."""

import ssl
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

from bench_relay import Count, Relay, relay
from bench_rounds import Command, Noise, at_home_in, bare_python, measure, not_installed, table, verdict
from bench_startup import SYNQ, peer, token
from bench_streams import read_pages
from bench_stub import PAGE, stub

ROUNDS, FAR_ROUNDS = 9, 5
ORDERS = 5_000
ONE_WAY, FAR_ONE_WAY = 0.02, 0.075  # seconds
IN_TIME = 1 / 3  # highest share of the sequential time
SKU, VARIANT, LOCATION = "SKU-1", "eb5bd2b9-e9a4-430b-9999-36b0cfa6ef1d", "3c1f7a52-9d04-4b86-8e2f-6a7b0c5d9e13"
ALONE = "the same pages and nothing else, one after another"
SEQUENTIAL = "synq with one request in flight"
ONE_IN_FLIGHT = (
    "from synq_cli.__main__ import run; from synq_cli.resources.shared import pagination; "
    "pagination.MOST_IN_FLIGHT = 1; run()"
)
ALL = f"synq orders list --all -o ndjson, {ORDERS:,} orders"
# The only https host that stripe accepts.
STRIPE_HOST = "api.stripe.com"
# Commands to compare, each group with curl first.
GROUPS = (
    ("curl GET", "synq orders list --json", "stripe get", "http GET (httpie)"),
    (f"curl GET, {ORDERS:,} orders, one connection", ALL, f"curl --parallel-max 4, {ORDERS:,} orders"),
    ("curl POST", "synq inventory adjust --json", "http POST (httpie)"),
)


def certificate(folder: Path) -> Path:
    """A new certificate for this machine and its key, made with openssl, in one file."""
    file = folder / "localhost.pem"
    words = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    names = ("-subj", "/CN=localhost", "-addext", f"subjectAltName=DNS:{STRIPE_HOST},IP:127.0.0.1")
    subprocess.run([*words, *names, "-keyout", file, "-out", folder / "certificate"], check=True, capture_output=True)
    with file.open("ab") as key:
        key.write((folder / "certificate").read_bytes())
    return file


def commands(url: str, environ: Mapping[str, str], trusted: Path) -> list[Command]:
    """The commands of every group; tools that are not installed are left out."""
    bearer, real = token(), dict(environ)
    real |= {"SYNQ_BASE_URL": url, "SYNQ_TOKEN": bearer, "SSL_CERT_FILE": str(trusted)}
    subprocess.run([SYNQ, "inventory", "skus", "add", SKU, VARIANT], env=real, check=True, capture_output=True)
    header, page = f"Authorization: Bearer {bearer}", f"{url}/api/v1/oms/orders?limit={PAGE}"
    # synq's pages overlap by one row, to notice rows that moved, and one more page shows that none follows.
    pages, adjust = f"{page}&offset=[0-{ORDERS - 1}:{PAGE - 1}]", f"{url}/api/v1/inventory/adjust"
    body = f'{{"variant_id": "{VARIANT}", "location_id": "{LOCATION}", "quantity_delta": -1}}'
    curl = ("curl", "-sf", "--cacert", str(trusted), "-H", header)
    parallel = ("--parallel", "--parallel-immediate", "--parallel-max", "4")
    api_key = "sk_test_" + "4eC39HqLyjWDarjtT1zdp7dc"
    httpie = ("http", "--check-status", "--ignore-stdin", "--verify", str(trusted))
    lines = [
        [
            (*curl, page),
            (SYNQ, "orders", "list", "--limit", str(PAGE), "--json"),
            ("stripe", "get", "/v1/orders", "--api-base", f"https://{STRIPE_HOST}", "--api-key", api_key),
            (*httpie, "GET", page, header),
        ],
        [(*curl, pages), (SYNQ, "orders", "list", "--all", "-o", "ndjson"), (*curl, *parallel, pages)],
        [
            (*curl, "--json", body, adjust),
            (SYNQ, "inventory", "adjust", SKU, "-1", "--location", LOCATION, "--json"),
            (*httpie, "--raw", body, "POST", adjust, header),
        ],
    ]
    found = [bare_python(environ)]
    for names, group in zip(GROUPS, lines, strict=True):
        for name, (program, *words) in zip(names, group, strict=True):
            if path := peer(program):
                proxy = {"HTTPS_PROXY": url.replace("https", "http")} if program == "stripe" else {}
                found.append(Command(name, (path, *words), real | proxy))
    return found


class Counts:
    """Connections and round trips of every run, by command."""

    def __init__(self, link: Relay) -> None:
        self._link = link
        self._runs: dict[str, list[Count]] = {}

    def counted(self, command: Command) -> Callable[[], None]:
        """A function that runs the command and counts."""

        def run() -> None:
            self._link.count = count = Count()
            command.run()
            self._link.count = Count()  # requests between runs belong to no command
            self._runs.setdefault(command.name, []).append(count)

        return run

    def connections(self, name: str) -> int:
        return statistics.median_high(run.connections for run in self._runs[name])

    def round_trips(self, name: str) -> int:
        return statistics.median_high(run.round_trips for run in self._runs[name])


def section() -> str:
    """Both tables, as Markdown."""
    return f"{_beside_peers()}\n{_far_away()}"


def _beside_peers() -> str:
    with tempfile.TemporaryDirectory() as home:
        trusted = certificate(Path(home))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(trusted)
        with stub(ORDERS, tls=context) as near, relay(urlsplit(near).port or 0, ONE_WAY) as link:
            noise, counts = Noise(), Counts(link)
            measured = commands(f"https://127.0.0.1:{link.port}", at_home_in(Path(home)), trusted)
            _check_orders(next(command for command in measured if command.name == ALL))
            times = measure({command.name: counts.counted(command) for command in measured}, ROUNDS)
    rows = [("process", "ms, median (middle half)", "x curl", "connections", "round trips")]
    for first, *others in GROUPS:
        for name in (name for name in (first, *others) if name in times.seconds):
            ratio = f"{times.ratio(name, first):.2f} x" if first in times.seconds else ""
            cost = (str(counts.connections(name)), str(counts.round_trips(name)))
            rows.append((f"`{name}`", times.ms(name, 0), ratio, *cost))
    return (
        f"{noise.sentence(times)}\n\nOne server on this machine with real TLS, behind a relay that delays every byte "
        f"by {ONE_WAY * 1000:.0f} ms: a round trip takes {ONE_WAY * 2000:.0f} ms, and so does\nconnecting. Bandwidth "
        "is unlimited and there is no slow start. Connecting, the TLS handshake and each request cost one round trip "
        "each; the round\ntrips of parallel connections are all counted but take place at the same time. `stripe` "
        "accepts no other https host than its own, so a\nproxy without delay leads it to the same server.\n"
        f"{not_installed(chain(*GROUPS), times)}\n{table(*rows)}"
    )


def _far_away() -> str:
    with (
        tempfile.TemporaryDirectory() as home,
        stub(ORDERS) as near,
        relay(urlsplit(near).port or 0, FAR_ONE_WAY) as link,
    ):
        url, counts = f"http://127.0.0.1:{link.port}", Counts(link)
        environ = {**at_home_in(Path(home)), "SYNQ_BASE_URL": url, "SYNQ_TOKEN": token()}
        listing = ("orders", "list", "--all", "-o", "ndjson")
        command = Command(ALL, (SYNQ, *listing), environ)
        sequential = Command(SEQUENTIAL, (sys.executable, "-c", ONE_IN_FLIGHT, *listing), environ)
        _check_orders(command)
        _check_orders(sequential)
        runs = {each.name: counts.counted(each) for each in (sequential, command)}
        times = measure({ALONE: lambda: read_pages(url, ORDERS), **runs}, FAR_ROUNDS)
        connections = {name: counts.connections(name) for name in runs}
    rows = [("what", "s, median", f"x {SEQUENTIAL}", "connections", "at most a third")]
    for name, judged in ((ALONE, ""), (SEQUENTIAL, ""), (ALL, verdict(times.ratio(ALL, SEQUENTIAL), IN_TIME))):
        ratio = f"{times.ratio(name, SEQUENTIAL):.2f} x"
        rows.append((name, f"{times.median(name):.2f}", ratio, str(connections.get(name, 1)), judged))
    return (
        f"{ORDERS:,} orders over round trips of {FAR_ONE_WAY * 2000:.0f} ms, {times.rounds} interleaved rounds; synq "
        f"with its start-up.\n\n{table(*rows)}"
    )


def _check_orders(command: Command) -> None:
    """AssertionError unless the command prints every order once, because a fast but incomplete list is no result."""
    done = subprocess.run(command.words, env=command.environ, capture_output=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == len(set(lines)) == ORDERS, f"{len(set(lines))} of {ORDERS} orders"


if __name__ == "__main__":
    print(section())
