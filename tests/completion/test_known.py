"""`synq __complete`: values of the local cache, without requests, changes or errors."""

import base64
import io
import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from table import cases

from synq_cli.completion.known import answer

ACME, OTHER = "6f1d2c84-3b7a-4e59-9c10-2a8e5d4b7f31", "0d5b1f3e-92c7-4d68-8a14-7b3e9f2c6d50"
VARIANT = "a1f46e83-0c9d-4b72-95e8-3d7b2c60f41e"


def token(tenant: str) -> str:
    parts = ({"alg": "none"}, {"tenantid": tenant})
    return ".".join(
        [*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), "x"]
    )


@pytest.fixture
def complete(synq: Any) -> Any:
    """Completes a value on a command line; no request may be sent."""

    def ask(kind: str, prefix: str, line: str = "synq", **environ: str) -> list[str]:
        http = httpx.MockTransport(lambda _request: pytest.fail("a request was sent"))
        result = synq("__complete", kind, prefix, "--", *line.split(), environ=environ, http=http)
        assert (result.status, result.err) == (0, "")
        return list(result.out.splitlines())

    return ask


@pytest.fixture
def cached(synq: Any) -> Any:
    """A cache with SKUs of two tenants of one host, and of a profile."""
    for tenant, sku in ((ACME, "ACM-1"), (OTHER, "OTH-1")):
        synq("inventory", "skus", "add", sku, VARIANT, environ={"SYNQ_TOKEN": token(tenant)})
    synq("config", "set", "tenant_id", ACME, "--profile", "acme")
    synq("config", "set", "base_url", "https://api.acme.test", "--profile", "acme")
    synq("config", "set", "environment", "production", "--profile", "acme")
    synq("inventory", "skus", "add", "PRO-1", VARIANT, "-p", "acme", environ={"SYNQ_TOKEN": token(ACME)})
    return synq


def test_skus_complete_for_their_own_tenant_only(cached: Any, complete: Any) -> None:
    assert complete("sku", "", SYNQ_TOKEN=token(ACME)) == [f"ACM-1\t{VARIANT}"]
    assert complete("sku", "", SYNQ_TOKEN=token(OTHER)) == [f"OTH-1\t{VARIANT}"]
    assert complete("sku", "", SYNQ_TENANT_ID=OTHER) == [f"OTH-1\t{VARIANT}"]
    assert complete("sku", "") == []


def test_digits_complete_to_barcodes_too(synq: Any, complete: Any) -> None:
    known = {"SYNQ_TOKEN": token(ACME)}
    assert synq("inventory", "skus", "add", "50-A", VARIANT, "--barcode", "5012345678917", environ=known).status == 0
    assert complete("sku", "50", **known) == [f"50-A\t{VARIANT}", "5012345678917\t50-A"]
    assert complete("item", "501", **known) == ["5012345678917=\t50-A"]
    assert complete("sku", "", **known) == [f"50-A\t{VARIANT}"]


@pytest.mark.parametrize(
    ("line", "environ"),
    [
        ("synq -p acme inventory adjust", {}),
        ("synq inventory adjust --profile acme", {}),
        ("synq inventory --profile=acme adjust", {}),
        ("synq -pacme inventory adjust", {}),
        ("synq --profile other -p acme inventory", {}),
        ("synq inventory adjust", {"SYNQ_PROFILE": "acme"}),
        ("synq --base-url https://api.acme.test", {"SYNQ_TENANT_ID": ACME}),
    ],
)
def test_options_and_environment_choose_the_tenant(
    cached: Any, complete: Any, line: str, environ: dict[str, str]
) -> None:
    assert complete("sku", "p", line, **environ) == [f"PRO-1\t{VARIANT}"]


def test_a_login_completes_without_opening_the_keyring(synq: Any, complete: Any) -> None:
    http = httpx.MockTransport(lambda _request: httpx.Response(200, json=[]))
    assert synq("auth", "login", "--with-token", stdin=token(ACME), http=http).status == 0
    assert synq("inventory", "skus", "add", "ACM-1", VARIANT).status == 0
    synq.keyring = None
    assert complete("sku", "acm") == [f"ACM-1\t{VARIANT}"]


def test_locations_and_orders_that_were_shown(synq: Any, complete: Any) -> None:
    synq.seeded = False
    assert complete("location", "", "synq --sandbox") == []
    assert not (synq.folder / "state").exists()  # completion creates nothing
    assert synq("--sandbox", "inventory", "locations").status == 0
    names = [line.split("\t")[0] for line in complete("location", "", "synq --sandbox")]
    assert names == ["High Street shop", "Leith warehouse", "Tromsø lager"]
    assert synq("--sandbox", "orders", "list", "--limit", "1").status == 0
    order, about = complete("order", "", "synq --sandbox")[0].split("\t")
    assert (len(order), about) == (36, "seen 2026-11-24")
    assert complete("order", order[:8].upper(), "synq --sandbox") == [f"{order}\t{about}"]


def test_a_product_is_completed_by_its_id_and_by_skus(synq: Any, complete: Any) -> None:
    assert synq("--sandbox", "products", "list").status == 0
    assert synq("--sandbox", "inventory", "skus", "add", "F1-OS", VARIANT).status == 0
    found = [line.split("\t")[0] for line in complete("product-or-sku", "f1", "synq --sandbox")]
    assert found == ["f1f1e283-6659-47ee-a41b-6b6ad352dac2", "F1-OS"]


def test_an_item_ends_with_an_equals_sign(synq: Any, complete: Any) -> None:
    synq("inventory", "skus", "add", "10%_off", VARIANT, environ={"SYNQ_TOKEN": token(ACME)})
    synq("inventory", "skus", "add", "10 more", VARIANT, environ={"SYNQ_TOKEN": token(ACME)})
    assert complete("item", "10%", SYNQ_TOKEN=token(ACME)) == [f"10%_off=\t{VARIANT}"]


def test_control_characters_are_not_offered(synq: Any, complete: Any) -> None:
    synq("inventory", "skus", "add", "A\x1b[2J\tB", VARIANT, environ={"SYNQ_TOKEN": token(ACME)})
    assert complete("sku", "", SYNQ_TOKEN=token(ACME)) == []


def test_names_that_the_shells_encoding_lacks_are_left_out(synq: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for sku in ("京都", "MÜTZE"):
        synq("inventory", "skus", "add", sku, VARIANT, environ={"SYNQ_TOKEN": token(ACME)})
    file = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    monkeypatch.setattr(sys, "stdout", file)
    folders = {name: str(synq.folder / name[5:-4].lower()) for name in ("SYNQ_CONFIG_DIR", "SYNQ_STATE_DIR")}
    answer(["sku", "", "--", "synq"], {**folders, "SYNQ_TOKEN": token(ACME)}, Path.cwd)
    assert file.buffer.getvalue() == f"MÜTZE\t{VARIANT}\n".encode("latin-1")  # type: ignore[attr-defined]


def test_profiles(cached: Any, complete: Any) -> None:
    assert complete("profile", "") == ["acme\tapi.acme.test, production", "sandbox\tthe embedded sandbox"]
    assert complete("profile", "AC") == ["acme\tapi.acme.test, production"]


def test_runs_newest_first(synq: Any, complete: Any) -> None:
    assert complete("run", "") == []
    rows = "sku,delta\nHMC-NVY-M,-5\n"
    for _ in range(2):
        run = ("--sandbox", "inventory", "adjust", "--file", "-", "--location", "Leith warehouse", "--yes", "--again")
        assert synq(*run, stdin=rows).status == 0
        synq.clock += 60
    runs = [row["id"] for row in json.loads(synq("runs", "list", "--json").out)]
    assert complete("run", "26") == [f"{run}\t" for run in runs]
    assert complete("run", "27") == []


@cases(
    "words", [[], ["sku"], ["sku", ""], ["sku", "", "--", "-p"], ["nothing", "", "--"], ["sku", "", "--", "-p", "a/b"]]
)
def test_invalid_input_prints_nothing(synq: Any, words: list[str]) -> None:
    result = synq("__complete", *words)
    assert (result.status, result.out, result.err) == (0, "", "")


def test_damaged_files_and_a_missing_folder_print_nothing(synq: Any, complete: Any) -> None:
    (synq.folder / "config").mkdir()
    (synq.folder / "config/config.yaml").write_text("profiles: [", encoding="utf-8")
    assert complete("profile", "") == []
    (synq.folder / "config/config.yaml").unlink()
    (synq.folder / "state").mkdir()
    (synq.folder / "state/index.sqlite3").write_text("no database", encoding="utf-8")
    assert complete("sku", "") == []
    synq.working = None
    assert complete("profile", "") == ["sandbox\tthe embedded sandbox"]


def test_it_does_not_wait_for_a_locked_cache(cached: Any, complete: Any) -> None:
    index: Path = cached.folder / "state/index.sqlite3"
    writer = sqlite3.connect(index, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")  # as a long import of SKUs does
    assert complete("sku", "", SYNQ_TENANT_ID=OTHER) == [f"OTH-1\t{VARIANT}"]
    writer.close()
