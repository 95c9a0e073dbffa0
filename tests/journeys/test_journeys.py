"""The installed program against the served sandbox, as a person or a script would run it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

SYNQ = str(Path(sys.executable).with_name("synq"))
LEITH = "Leith warehouse"


@dataclass
class Shop:
    """A served sandbox and the environment that leads to it."""

    environ: dict[str, str]

    def run(self, *line: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SYNQ, *line],
            env=self.environ | variables,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def json(self, *line: str) -> object:
        done = self.run(*line, "--json", "--quiet")
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout)

    def on_hand(self, sku: str) -> int:
        levels = self.json("inventory", "levels", "--sku", sku, "--location", LEITH)
        assert isinstance(levels, list)
        return int(levels[0]["on_hand"])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    environ |= {"SYNQ_CONFIG_DIR": str(folder / "config"), "SYNQ_STATE_DIR": str(folder / "state")}
    serving = [SYNQ, "sandbox", "serve", "--port", "0"]
    with subprocess.Popen(serving, env=environ, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        url = server.stderr.readline().split(" on ")[1].split(";")[0]
        token = subprocess.run([SYNQ, "sandbox", "token"], env=environ, capture_output=True, text=True, check=True)
        yield Shop(environ | {"SYNQ_BASE_URL": url, "SYNQ_TOKEN": token.stdout.strip()})
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0  # Ctrl-C is how it is meant to end
        assert "Traceback" not in server.stderr.read()


def test_open_orders_flow_into_another_program(shop: Shop) -> None:
    listing = shop.run("orders", "list", "--status", "open", "--all", "--json")
    orders = json.loads(listing.stdout)
    assert len({order["id"] for order in orders}) == len(orders) > 20
    assert {"completed", "cancelled", "refunded", "returned", "failed"}.isdisjoint(order["status"] for order in orders)
    assert listing.stderr.endswith("/100 requests left this minute · default\n")


def test_an_adjustment_is_read_back(shop: Shop) -> None:
    before = shop.on_hand("HMC-NVY-M")
    done = shop.run("inventory", "adjust", "HMC-NVY-M", "+4", "--location", LEITH, "-o", "table", "--quiet")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == f"HMC-NVY-M at Leith warehouse: on hand {before} → {before + 4}"
    assert shop.on_hand("HMC-NVY-M") == before + 4


def test_two_processes_adjust_at_once_and_nothing_is_lost(shop: Shop) -> None:
    before = shop.on_hand("HMC-NVY-M")
    with ThreadPoolExecutor() as pool:
        lines = [("inventory", "adjust", "HMC-NVY-M", delta, "--location", LEITH) for delta in ("-1", "-1", "+5", "-1")]
        assert [run.returncode for run in pool.map(lambda line: shop.run(*line), lines)] == [0, 0, 0, 0]
    assert shop.on_hand("HMC-NVY-M") == before + 2


def test_served_and_in_process_are_one_tenant(shop: Shop) -> None:
    served = shop.json("orders", "list", "--limit", "3")
    embedded = shop.json("--sandbox", "orders", "list", "--limit", "3")
    assert served == embedded


def test_a_viewer_may_look_but_not_touch(shop: Shop) -> None:
    token = shop.run("sandbox", "token", "--role", "VIEWER").stdout.strip()
    assert shop.run("channels", "list", SYNQ_TOKEN=token).returncode == 0
    refused = shop.run("inventory", "adjust", "HMC-NVY-M", "-1", "--location", LEITH, "-q", SYNQ_TOKEN=token)
    assert (refused.returncode, refused.stdout) == (4, "")
    assert refused.stderr == (
        "synq: The API refused the adjustment: Forbidden: insufficient permissions.\n"
        "  `synq auth status` shows your role and tenant.\n"
    )


def test_an_expired_token_says_when_it_ended(shop: Shop) -> None:
    token = shop.run("sandbox", "token", "--expires-in", "-300").stdout.strip()
    expired = shop.run("orders", "list", "--quiet", SYNQ_TOKEN=token)
    assert (expired.returncode, expired.stdout) == (4, "")
    assert expired.stderr == (
        "synq: The API refused the list of orders: Unauthorized: Invalid token.\n"
        "  The token expired 5 minutes ago. Set SYNQ_TOKEN to a new token.\n"
    )


def test_a_pipe_closed_early_ends_quietly(shop: Shop) -> None:
    with subprocess.Popen(
        [SYNQ, "orders", "list", "--all", "-o", "ndjson", "--quiet"],
        env=shop.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as listing:  # fmt: skip
        assert listing.stdout is not None
        assert listing.stderr is not None
        assert json.loads(listing.stdout.readline())["id"]
        listing.stdout.close()
        assert (listing.wait(30), listing.stderr.read()) == (0, "")


def test_a_tail_writes_each_event_at_once_and_ctrl_c_ends_it_quietly(shop: Shop) -> None:
    with subprocess.Popen(
        [SYNQ, "audit", "tail", "-o", "ndjson", "--quiet"],
        env=shop.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as tail:  # fmt: skip
        assert tail.stdout is not None
        assert tail.stderr is not None
        events = [json.loads(tail.stdout.readline()) for _ in range(10)]  # while it goes on
        tail.send_signal(signal.SIGINT)
        assert (tail.wait(30), tail.stdout.read(), tail.stderr.read()) == (130, "", "")
    assert [event["created_at"] for event in events] == sorted(event["created_at"] for event in events)


def test_a_webhook_is_signed_checked_and_taken(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "body.json").write_bytes(b'{"id": 1}\r\n')
    secret = {"SYNQ_WEBHOOK_SECRET": "example-webhook-secret"}
    signed = shop.run("webhooks", "sign", str(tmp_path / "body.json"), **secret).stdout.strip()
    assert signed == shop.run("webhooks", "sign", "-", stdin='{"id": 1}\r\n', **secret).stdout.strip()
    checked = shop.run("webhooks", "verify", str(tmp_path / "body.json"), "--signature", signed, **secret)
    assert (checked.returncode, checked.stderr) == (0, "The signature matches.\n")
    event = ("--event", "accounting.order.created", "--connection", "66f3c2a8e19d4b7051d8a0f2")
    for url in ("/unified/webhook", f"{shop.environ['SYNQ_BASE_URL']}/unified/webhook"):
        assert shop.run("webhooks", "send", url, *event, **secret).returncode == 0


def test_ctrl_c_while_waiting_for_the_server_ends_with_130(shop: Shop) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with subprocess.Popen(
            [SYNQ, "orders", "list"], env=shop.environ | {"SYNQ_BASE_URL": url}, stderr=subprocess.PIPE, text=True
        ) as listing:
            with silent.accept()[0]:  # the request is on its way
                listing.send_signal(signal.SIGINT)
                assert listing.wait(30) == 130
            assert listing.stderr is not None
            assert listing.stderr.read().startswith("synq: Interrupted.\n")


def test_no_network_is_said_and_mended(shop: Shop) -> None:
    lost = shop.run("orders", "list", "--json", "--quiet", SYNQ_BASE_URL="http://127.0.0.1:1")
    error = json.loads(lost.stderr)["error"]
    assert (lost.returncode, lost.stdout) == (7, "")
    assert (error["code"], error["status"], error["retryable"]) == ("network", None, True)
    assert "http://127.0.0.1:1" in error["hint"]


def test_login_without_a_keyring_stops_and_a_file_must_be_asked_for(shop: Shop) -> None:
    token = shop.environ["SYNQ_TOKEN"]
    own = {name: value for name, value in shop.environ.items() if name != "SYNQ_TOKEN"}
    stranger = Shop(own)
    refused = stranger.run("auth", "login", "-p", "acme", "--with-token", "-q", stdin=token)
    assert refused.returncode == 4
    assert "--insecure-storage" in refused.stderr
    assert token not in refused.stdout + refused.stderr
    assert stranger.run("orders", "list", "-p", "acme").returncode == 4
    stored = stranger.run("auth", "login", "-p", "acme", "--with-token", "--insecure-storage", "-q", stdin=token)
    assert (stored.returncode, token in stored.stdout + stored.stderr) == (0, False)
    assert stranger.run("auth", "token", "-p", "acme").stdout == f"{token}\n"
    assert stranger.run("channels", "list", "-p", "acme").returncode == 0
    assert stranger.run("auth", "logout", "-p", "acme").returncode == 0
    assert stranger.run("channels", "list", "-p", "acme").returncode == 4


def test_a_damaged_config_is_named_and_left_alone(shop: Shop, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("profiles: [acme", encoding="utf-8")
    stopped = shop.run("config", "set", "output", "json", SYNQ_CONFIG_DIR=str(tmp_path))
    assert (stopped.returncode, config.read_text(encoding="utf-8")) == (2, "profiles: [acme")
    assert stopped.stderr.startswith(f"synq: {config} is damaged: ")


def test_the_environment_chooses_the_format_and_the_line_overrules_it(shop: Shop) -> None:
    by_environment = shop.run("settings", "show", "-q", SYNQ_OUTPUT="json").stdout
    assert json.loads(by_environment)["costing_method"] == "WAC"
    assert shop.run("settings", "show", "-q", "-o", "tsv", "--fields", "costing_method", SYNQ_OUTPUT="json").stdout == (
        "costing_method\nWAC\n"
    )


ADJUST = ("inventory", "adjust", "HMC-NVY-M", "+1", "--location", LEITH)


def test_talk_that_nobody_hears_fails_no_run(shop: Shop) -> None:
    with subprocess.Popen([SYNQ, *ADJUST], env=shop.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as deaf:
        assert deaf.stdout is not None
        assert deaf.stderr is not None
        deaf.stderr.close()
        deaf.stdout.close()
        assert deaf.wait(30) == 0


def test_a_full_disk_does_not_hide_that_the_change_was_made(shop: Shop) -> None:
    before = shop.on_hand("HMC-NVY-M")
    with Path("/dev/full").open("w") as full:
        lost = subprocess.run(
            [SYNQ, *ADJUST, "-q"], env=shop.environ, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert lost.returncode == 2
    assert lost.stderr == (
        "synq: The output can't be written: No space left on device.\n  The change was made; do not send it again.\n"
    )
    assert shop.on_hand("HMC-NVY-M") == before + 1


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-"])
def test_a_stream_that_was_never_open_is_no_bug(shop: Shop, closed: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f"'{SYNQ}' orders list --limit 1 {closed}"],
        env=shop.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
