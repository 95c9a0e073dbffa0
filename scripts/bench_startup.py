"""Start-up: synq, a bare interpreter and other tools, all on the same page of orders over loopback."""

import base64
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench_rounds import BARE, Command, Noise, Times, at_home_in, bare_python, measure, not_installed, table, verdict
from bench_stub import stub

ROUNDS = 15
BIN = Path(sys.executable).parent
SYNQ = str(BIN / "synq")
_HERE = Path(__file__).parent
_PEERS = _HERE.parent / ".cache" / "peers"

JSON = "synq orders list --json"
TABLE = "synq orders list -o table"
KEYRING = "synq orders list --json (token in the keyring)"
STRIPE = "stripe get"
HTTPIE = "http GET (httpie)"
EAGER = "imports on top, JSON"
EAGER_TABLE = "imports on top, table"

# name, highest ratio, compared with
TARGETS = (
    (JSON, 1.4, STRIPE),
    (JSON, 0.5, HTTPIE),
    (JSON, 0.65, EAGER),
    (TABLE, 1.5, JSON),
    ("synq --version", 1.6, BARE),
    ("synq --help", 8.0, BARE),
    ("synq orders list --help", 9.0, BARE),
)
AIMS = {(JSON, STRIPE): 1.2}  # beyond the target
# The same as with the token in the environment, plus at most this many times a bare Python.
KEYRING_COSTS = 8.0


def peer(name: str) -> str | None:
    """The path of a tool: on PATH, or where `scripts/peers.sh` installs it; a pyenv shim is resolved."""
    ours = _PEERS / name / "bin" / name
    found = str(ours) if ours.exists() else shutil.which(name)
    if found and Path(found).parent.name == "shims":  # a shell script that would add its own start-up
        found = subprocess.run(["pyenv", "which", name], capture_output=True, text=True, check=True).stdout.strip()
    return found


def token() -> str:
    """A JWT without a valid signature that expires in a day."""
    claims = {
        "exp": int(time.time()) + 86_400,
        "tenant_id": "5f0c8a1e-2b7d-4c39-9a46-e1d3b8f7c025",
        "org_id": "0b9d4e7f-61c2-4a58-8f3e-d7a5c2b1e960",
        "role": "admin",
        "sub": "bench",
    }
    parts = (json.dumps(part).encode() for part in ({"alg": "HS256"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "c2ln"])


def commands(url: str, environ: Mapping[str, str]) -> list[Command]:
    """Every command except the one with the keyring; tools that are not installed are left out."""
    bearer = token()
    real = {**environ, "SYNQ_BASE_URL": url, "SYNQ_TOKEN": bearer}
    page = url + "/api/v1/oms/orders?limit=100"
    listing = (SYNQ, "orders", "list", "--limit", "100")
    eager = (sys.executable, str(_HERE / "bench_eager.py"), "list")
    found = [
        bare_python(environ),
        Command("synq --version", (SYNQ, "--version"), environ),
        Command("synq --help", (SYNQ, "--help"), environ),
        Command("synq orders list --help", (SYNQ, "orders", "list", "--help"), environ),
        Command(JSON, (*listing, "--json"), real),
        Command(TABLE, (*listing, "-o", "table"), real),
        Command("synq --sandbox orders list --json", (SYNQ, "--sandbox", "orders", "list", "--json"), environ),
        Command(EAGER, (*eager, "--json"), real),
        Command(EAGER_TABLE, eager, real),
        *(
            Command(f"python -c 'import {names}'", (sys.executable, "-c", f"import {names}"), environ)
            for names in ("typer", "typer, httpx")
        ),
    ]
    header = f"Authorization: Bearer {bearer}"
    stripe = ("get", "/v1/orders", "--api-base", url, "--api-key", "sk_test_" + "4eC39HqLyjWDarjtT1zdp7dc")
    httpie = ("--check-status", "--ignore-stdin", "GET", page, header)
    peers = {
        STRIPE: ("stripe", stripe),
        HTTPIE: ("http", httpie),
        "aws --version": ("aws", ("--version",)),
        "gh --help": ("gh", ("--help",)),
        "curl GET": ("curl", ("-sf", "-H", header, page)),
    }
    for name, (tool, words) in peers.items():
        if path := peer(tool):
            found.append(Command(name, (path, *words), environ))
    if peer("curl") and peer("jq"):
        words = ("sh", "-c", 'curl -sf -H "$1" "$2" | jq -c .', "sh", header, page)
        found.append(Command("curl GET \\| jq", words, environ))
    return found


@contextmanager
def secret_service() -> Iterator[Mapping[str, str] | None]:
    """The variables that lead to a Secret Service started for this; None if none is installed."""
    if not (shutil.which("dbus-run-session") and shutil.which("gnome-keyring-daemon")):
        yield None
        return
    script = 'echo "$DBUS_SESSION_BUS_ADDRESS"; exec cat'
    line = ["sh", str(_HERE / "secret-service.sh"), "run", "sh", "-c", script]
    with subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as session:
        assert session.stdin is not None
        assert session.stdout is not None
        try:
            yield {"DBUS_SESSION_BUS_ADDRESS": session.stdout.readline().strip()}
        finally:
            session.stdin.close()  # which ends it


def with_keyring(url: str, folder: Path, bus: Mapping[str, str]) -> Command:
    """The same list, with the token of a profile in the keyring."""
    environ = {**at_home_in(folder), **bus, "SYNQ_BASE_URL": url}
    login = [SYNQ, "auth", "login", "--with-token"]
    subprocess.run(login, env=environ, input=token(), text=True, check=True, capture_output=True)
    return Command(KEYRING, (SYNQ, "orders", "list", "--limit", "100", "--json"), environ)


def _targets(times: Times) -> str:
    rows = [("target", "by medians", "", "by the fastest runs")]
    for name, limit, other in TARGETS:
        aim = f" (aim: {AIMS[name, other]:g} x)" if (name, other) in AIMS else ""
        title = f"{name}: at most {limit:g} x {other}{aim}"
        if name in times.seconds and other in times.seconds:
            ratio, fastest = times.ratio(name, other), times.fastest(name, other)
            rows.append((title, f"{ratio:.2f} x", verdict(ratio, limit), f"{fastest:.2f} x"))
        else:
            rows.append((title, "not installed", "", ""))
    title = f"{KEYRING}: at most {KEYRING_COSTS:g} x {BARE} more than in SYNQ_TOKEN"
    if KEYRING in times.seconds:
        more = (times.median(KEYRING) - times.median(JSON)) / times.median(BARE)
        fastest = times.fastest(KEYRING, BARE) - times.fastest(JSON, BARE)
        rows.append((title, f"{more:.2f} x", verdict(more, KEYRING_COSTS), f"{fastest:.2f} x"))
    else:
        rows.append((title, "no Secret Service", "", ""))
    return table(*rows)


def section() -> str:
    """The tables of start-up, as Markdown."""
    with tempfile.TemporaryDirectory() as home, stub() as url, secret_service() as bus:
        noise, chosen = Noise(), commands(url, at_home_in(Path(home)))
        if bus is not None:
            place = Path(home) / "keyring"
            place.mkdir()
            chosen.append(with_keyring(url, place, bus))
        times = measure({command.name: command.run for command in chosen}, ROUNDS)
    rows = [("process", "ms, median (middle half)", f"x {BARE}", "fastest, ms", f"x {BARE}")]
    for name, seconds in times.seconds.items():
        fastest = (f"{min(seconds) * 1000:.1f}", f"{times.fastest(name, BARE):.1f} x")
        rows.append((f"`{name}`", times.ms(name), f"{times.ratio(name, BARE):.1f} x", *fastest))
    wanted = (STRIPE, HTTPIE, "aws --version", "gh --help", "curl GET \\| jq")
    return (
        f"{noise.sentence(times)}\n\nAll tools read the same page of 100 orders ({_kilobytes()} KB) from a server on "
        "this machine; output is discarded. `imports on top` is\n"
        "[the same list](../scripts/bench_eager.py) by a plain program with Typer, httpx, Rich, keyring and "
        "PyYAML. `stripe` is its Go binary.\n"
        f"{not_installed(wanted, times)}\n{table(*rows)}\n{_targets(times)}"
    )


def _kilobytes() -> int:
    from bench_stub import order

    return round(len(json.dumps([order(number) for number in range(100)])) / 1000)


if __name__ == "__main__":
    print(section())
