"""The installed program against the served sandbox, as a person or a script would run it."""

import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from runner import Runner
from served import LEITH, MINUTE, STARTED, SYNQ, served, started

ADJUST = ("inventory", "adjust", "HMC-NVY-M", "+1", "--location", LEITH)


class Shop:
    """A served sandbox, and the environment that leads to it."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.environ = environ
        self._embedded = Runner(folder, clock=STARTED)

    def run(self, *line: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SYNQ, *line],
            env=self.environ,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=MINUTE,
            check=False,
        )

    def embedded(self, *line: str) -> object:
        """What a run without a network shows of the same tenant, as JSON."""
        done = self._embedded("--sandbox", *line, "--json", "--quiet")
        assert (done.status, done.err) == (0, "")
        self._embedded.clock += 61
        return json.loads(done.out)

    def on_hand(self) -> int:
        levels = self.embedded("inventory", "levels", "--sku", "HMC-NVY-M", "--location", LEITH)
        assert isinstance(levels, list)
        return int(levels[0]["on_hand"])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    with served(folder) as environ:
        yield Shop(folder, environ)


def test_served_and_in_process_are_one_tenant(shop: Shop) -> None:
    listing = shop.run("orders", "list", "--status", "open", "--all", "--json")
    orders = json.loads(listing.stdout)
    assert len({order["id"] for order in orders}) == len(orders) > 20
    assert listing.stderr.endswith("/100 requests left this minute · default\n")
    assert orders == shop.embedded("orders", "list", "--status", "open", "--all")


def test_the_desk_asks_several_things_at_once(shop: Shop) -> None:
    today = shop.run("today", "--json")
    assert json.loads(today.stdout)[0]["item"] == "orders_to_ship"
    order = json.loads(shop.run("orders", "list", "--limit", "1", "--json").stdout)[0]
    brief = json.loads(shop.run("orders", "brief", order["id"], "--json").stdout)
    assert (brief["id"], brief["left_out"]) == (order["id"], {})
    found = shop.run("find", order["payment_reference"], "-o", "csv", "--fields", "kind,name", "--quiet")
    assert (found.stdout, found.stderr) == (f"kind,name\norder,{order['id']}\n", "")


def test_two_processes_adjust_at_once_and_nothing_is_lost(shop: Shop) -> None:
    before = shop.on_hand()
    with ThreadPoolExecutor() as pool:
        lines = [("inventory", "adjust", "HMC-NVY-M", delta, "--location", LEITH) for delta in ("-1", "+5")]
        assert [run.returncode for run in pool.map(lambda line: shop.run(*line), lines)] == [0, 0]
    assert shop.on_hand() == before + 4


def test_a_tail_writes_each_event_at_once_and_ctrl_c_ends_it_quietly(shop: Shop) -> None:
    line = ("audit", "tail", "-o", "ndjson", "--quiet")
    with started(*line, environ=shop.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as tail:
        assert tail.stdout is not None
        assert tail.stderr is not None
        events = [json.loads(tail.stdout.readline()) for _ in range(10)]  # while it goes on
        tail.send_signal(signal.SIGINT)
        assert (tail.wait(30), tail.stdout.read(), tail.stderr.read()) == (130, "", "")
    assert [event["created_at"] for event in events] == sorted(event["created_at"] for event in events)


def test_ctrl_c_while_waiting_for_the_server_ends_with_130(shop: Shop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(MINUTE)
        environ = shop.environ | {"SYNQ_BASE_URL": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        with started("orders", "list", environ=environ, stderr=subprocess.PIPE) as listing:
            with silent.accept()[0]:  # the request is on its way
                listing.send_signal(signal.SIGINT)
                assert listing.wait(30) == 130
            assert listing.stderr is not None
            assert listing.stderr.read().startswith("synq: Interrupted.\n")


def test_login_without_a_keyring_stops_and_a_file_must_be_asked_for(shop: Shop) -> None:
    token = shop.environ["SYNQ_TOKEN"]
    line = ("auth", "login", "-p", "acme", "--with-token", "-q")
    refused = shop.run(*line, stdin=token)
    assert refused.returncode == 4
    assert "--insecure-storage" in refused.stderr
    stored = shop.run(*line, "--insecure-storage", stdin=token)
    assert (stored.returncode, token in refused.stdout + refused.stderr + stored.stdout + stored.stderr) == (0, False)


def test_messages_that_nobody_reads_fail_no_run(shop: Shop) -> None:
    with started(*ADJUST, environ=shop.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stderr.close()
        run.stdout.close()
        assert run.wait(30) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk to write to")
def test_a_full_disk_does_not_hide_that_the_change_was_made(shop: Shop) -> None:
    before = shop.on_hand()
    with Path("/dev/full").open("w") as full:
        lost = subprocess.run(
            [SYNQ, *ADJUST, "-q"],
            env=shop.environ,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=MINUTE,
            check=False,
        )
    assert lost.returncode == 2
    assert lost.stderr == (
        "synq: The output can't be written: No space left on device.\n  The change was made; do not send it again.\n"
    )
    assert shop.on_hand() == before + 1


def test_closed_standard_input_and_error_fail_no_run(shop: Shop) -> None:
    done = subprocess.run(
        ["sh", "-c", f"'{SYNQ}' orders list --limit 1 <&- 2>&-"],
        env=shop.environ,
        capture_output=True,
        text=True,
        timeout=MINUTE,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout
