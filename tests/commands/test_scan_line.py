"""`synq inventory scan` on the embedded tenant, and without a network."""

import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from runner import Runner
from tenant import ENVIRON, INVENTORY, LEITH, OTHER, VARIANT, Tenant

HEADER = "scanned_at,code,sku,quantity\n"
AT = "2026-11-24T12:00:00Z"
OLD = "The local cache may lack SKUs. Codes that it lacks are recorded as unknown.\n"
PRODUCT = "63f36fcd-177b-4314-8987-12fa2d222f81"
CATALOGUE = {
    "GET /api/v1/pim/variants": [
        {
            "id": VARIANT,
            "product_id": PRODUCT,
            "sku": "A",
            "barcode": "012345678905",
            "option_values": {"colour": "Grey", "size": "OS"},
        },
        {"id": OTHER, "product_id": PRODUCT, "sku": None, "barcode": "own-1"},
        {"id": PRODUCT, "product_id": PRODUCT, "sku": "C", "barcode": "shared"},
        {"id": LEITH, "product_id": PRODUCT, "sku": None, "barcode": "shared"},
    ],
    "GET /api/v1/pim/products": [{"id": PRODUCT, "title": "Arran Throw"}],
    f"GET {INVENTORY}/levels": {"levels": [{"variant_id": VARIANT, "location_id": LEITH, "sku": "A", "on_hand": 7}]},
}
OFFER = "The local cache may lack SKUs. Read all variants first, 1 request per 100? [y/N] "


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "friday.csv"


@pytest.fixture
def scan(synq: Runner, file: Path) -> Any:
    """Runs `synq inventory scan` for a tenant whose SKU A is known, on a server that gives these replies."""
    assert synq("inventory", "skus", "add", "A", VARIANT, environ=ENVIRON).status == 0

    def run(*line: str, stdin: str | bytes = "", http: httpx.BaseTransport | None = None, **how: Any) -> Any:
        return synq("inventory", "scan", str(file), *line, environ=ENVIRON, http=http or Tenant({}), stdin=stdin, **how)

    return run


def test_scans_are_rows_on_stdout_and_lines_of_the_file(scan: Any, file: Path) -> None:
    # Lines end with LF, CRLF, CR or Tab.
    result = scan("-o", "csv", stdin="\ufeffA\r\n\r\n12*Ünï\tA 3\r-\n=1+1")
    assert result.status == 0
    assert result.out.splitlines() == [
        "scanned_at,code,sku,quantity,counted,title,variant_id",
        f"{AT},A,A,1,1,,{VARIANT}",
        f"{AT},Ünï,,12,12,,",
        f"{AT},A,A,3,4,,{VARIANT}",
        f"{AT},A,A,-3,1,,{VARIANT}",
        f"{AT},=1+1,,1,1,,",
    ]
    assert file.read_text(encoding="utf-8") == (
        f"{HEADER}{AT},A,A,1\n{AT},Ünï,,12\n{AT},A,A,3\n{AT},A,A,-3\n{AT},'=1+1,,1\n"
    )
    summary = f"{file}: 3 lines, 1 unit of 1 SKU, 13 units of 2 unknown codes (Ünï, =1+1).\n"
    assert result.err == f"{OLD}{summary}Next: synq inventory count {file} --location LOCATION\n"
    again = scan("--json", stdin="A\n")
    row = {"scanned_at": AT, "code": "A", "sku": "A", "quantity": 1, "counted": 2, "title": None, "variant_id": VARIANT}
    assert json.loads(again.out) == row
    assert again.err.startswith(f"{OLD}Continuing {summary}")


def test_refused_lines_are_not_recorded_and_set_the_exit_status(scan: Any, file: Path) -> None:
    result = scan("-q", stdin=b"5012345678900*X\nA\n\xff\n5012345678900*X\n")
    assert result.status == 9
    refused = 'Not recorded: "5012345678900*X" has a quantity of 5012345678900: use 1 to 9,999.\n'
    no_text = 'Not recorded: "\\udcff" is not text that a CSV file can hold.\n'
    assert result.err == f"{refused}{no_text}{refused}synq: 3 lines of standard input were not recorded.\n"
    assert file.read_text(encoding="utf-8") == f"{HEADER}{AT},A,A,1\n"


class Closed(io.StringIO):
    def write(self, _text: str) -> int:
        raise BrokenPipeError


def test_all_is_recorded_when_nobody_reads_the_rows_any_more(scan: Any, file: Path) -> None:
    assert scan(stdin="A\nB\nC\n", stdout=Closed()).status == 0
    assert file.read_text(encoding="utf-8") == f"{HEADER}{AT},A,A,1\n{AT},B,,1\n{AT},C,,1\n"


def test_on_a_terminal_all_variants_are_read_first_if_wanted(scan: Any, synq: Runner) -> None:
    http = Tenant(CATALOGUE)
    # What is scanned at the question is no answer.
    line = ("--location", LEITH)
    result = scan(*line, stdin="A\ny\nA\nB\n9999999*A\n-\n", http=http, terminal=True)
    assert result.status == 0
    assert [asked.partition("?")[0] for asked in http.asked] == list(CATALOGUE)
    assert result.out == (
        "Units  Counted   Book  Item\n"
        "   +1        1      7  A  Arran Throw, Grey OS\n"
        "   +1        1         B  unknown code\n"
        "   -1        0         B  unknown code\n"
    )
    assert result.err.startswith(f"{OFFER}\a{OFFER}")
    assert f"Reading the stock at {LEITH}, 1 request per 100 SKUs; --blind skips this.\n" in result.err
    assert (
        "Scan. Type - to take the last line back, Ctrl-D to end.\n"
        '\a\aNot recorded: "9999999*A" has a quantity of 9999999: use 1 to 9,999.\n'
    ) in result.err
    # Known for a day now; --blind reads no stock.
    synq.clock += 86_399
    again = scan("--location", LEITH, "--blind", stdin="A\n", terminal=True)
    assert again.out == (
        "Counted  Item\n"
        "      1  A  Arran Throw, Grey OS\n"
        "Units  Counted  Item\n"
        "   +1        2  A  Arran Throw, Grey OS\n"
    )
    synq.clock += 1
    days = "The local cache of SKUs is 1 day old. Read all variants first, about 2 requests? [y/N] "
    assert scan(stdin="n\n", terminal=True).err.startswith(f"{days}The local cache of SKUs is 1 day old. Codes that")


def test_barcodes_are_codes_too(scan: Any, synq: Runner, file: Path) -> None:
    assert synq("products", "variants", "list", "--all", environ=ENVIRON, http=Tenant(CATALOGUE)).status == 0
    synq("products", "list", environ=ENVIRON, http=Tenant(CATALOGUE))
    # As printed, as EAN-13, with a wrong check digit; one of a variant without SKU, and one that two variants have.
    result = scan(stdin="0 12345 67890 5\n2*0012345678905\n012345678906\nown-1\nshared\n", terminal=True)
    assert result.out == (
        "Units  Counted  Item\n"
        "   +1        1  A  Arran Throw, Grey OS\n"
        "   +2        3  A  Arran Throw, Grey OS\n"
        "   +1        1  012345678906  unknown code, check digit is 6, expected 5\n"
        "   +1        1  own-1  Arran Throw\n"
        f"   +1        1  shared  barcode of C, {LEITH}\n"
    )
    assert (result.err.count("\a"), "Read all variants" in result.err) == (3, False)
    written = [line.partition(",")[2] for line in file.read_text(encoding="utf-8").splitlines()[1:]]
    assert written == ["0 12345 67890 5,A,1", "0012345678905,A,2", "012345678906,,1", "own-1,,1", "shared,,1"]


def test_without_a_network_scanning_goes_on(scan: Any, file: Path) -> None:
    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("down")

    http = httpx.MockTransport(down)
    result = scan("--location", "Leith warehouse", stdin="y\nA\nB\n", http=http, terminal=True)
    assert result.status == 0
    assert [line.partition(",")[2] for line in file.read_text(encoding="utf-8").splitlines()[1:]] == ["A,A,1", "B,,1"]
    assert "Warning: The variants can't be read: " in result.err
    assert "Warning: Book quantities are left out: " in result.err
    assert f"Next: synq inventory count {file} --location 'Leith warehouse'" in " ".join(result.err.split())


def test_a_missing_route_is_left_out_but_an_unknown_location_is_an_error(scan: Any) -> None:
    missing = Tenant({f"GET {INVENTORY}/levels": httpx.Response(404, text="404 page not found")})
    assert "Warning: Book quantities are left out: This server" in scan("--location", LEITH, http=missing).err
    elsewhere = Tenant({f"GET {INVENTORY}/locations": {"locations": []}})
    result = scan("--location", "Leeds", http=elsewhere)
    assert (result.status, 'synq: Unknown location "Leeds".' in result.err) == (5, True)


def test_an_unfinished_line_is_removed_and_named(scan: Any, file: Path) -> None:
    file.write_text(f"{HEADER}{AT},A,A,1\n{AT},A,A", encoding="utf-8")
    result = scan(stdin="B\n")
    assert (
        f'Warning: Removed the unfinished line "{AT},A,A" from the end of {file}: scan that item again.' in result.err
    )
    assert file.read_text(encoding="utf-8") == f"{HEADER}{AT},A,A,1\n{AT},B,,1\n"


@pytest.mark.parametrize(("name", "problem"), [("-", "its name must end in .csv"), ("no/x.csv", "No such file")])
def test_an_unusable_name_is_an_error(synq: Runner, name: str, problem: str) -> None:
    result = synq("inventory", "scan", name, environ=ENVIRON, http=Tenant({}))
    assert (result.status, problem in result.err) == (2, True)
