"""`synq inventory reorder`: what to buy, what it costs to find out, and what is read again."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from runner import NOW
from tenant import ENVIRON, LEITH, LOCATIONS, OTHER, SHOP, VARIANT

DAY = 86_400
SCARF = "7b52a9d3-1111-4111-8111-111111111111"
LEVELS = [
    {"sku": "HAT", "variant_id": VARIANT, "location_id": LEITH, "on_hand": 4, "reserved": 1, "available": 3},
    {"sku": "HAT", "variant_id": VARIANT.upper(), "location_id": SHOP, "on_hand": 1, "reserved": 0, "available": 1},
    {"sku": "MUG", "variant_id": OTHER, "location_id": LEITH, "on_hand": 0, "reserved": 0},
    {"sku": "SCARF", "variant_id": SCARF, "location_id": LEITH, "on_hand": 20, "available": 20},
    {"sku": "OLD", "variant_id": SCARF.replace("7", "8"), "location_id": SHOP, "on_hand": 0, "available": 0},
]
STATS = {"topLowStock": [{"sku": "MUG", "variant_id": OTHER, "title": "Enamel Mug", "on_hand": 0}]}
Answer = Callable[[], httpx.Response]


def entry(days_ago: float, variant: str, delta: int, kind: str = "sale", place: str = LEITH) -> dict[str, Any]:
    at = datetime.fromtimestamp(NOW - days_ago * DAY, UTC).isoformat()
    ids = {"id": f"{days_ago} {variant} {delta}", "variant_id": variant, "location_id": place}
    return {**ids, "quantity_delta": delta, "transaction_type": kind, "created_at": at}


class Shop(httpx.MockTransport):
    """A tenant that sold ten mugs in the five days it had some, and hats at both of its locations."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.asked: list[str] = []
        self.missing: set[str] = set()
        self.ledger = [
            entry(0.5, VARIANT, -9, place=SHOP),
            entry(1.5, SCARF, -2, "adjustment"),
            entry(20.5, VARIANT, 1, "return"),
            entry(24.5, OTHER, -6),
            entry(27.5, OTHER, -4),
            entry(28.5, OTHER, 10, "receipt"),
            entry(29.5, VARIANT, -1, "write-off"),
            entry(31, SCARF, -5),
        ]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        noun = request.url.path.rpartition("/")[2]
        self.asked.append(f"{noun}?{request.url.params}" if request.url.params else noun)
        if noun in self.missing:
            return httpx.Response(404, text="404 page not found")
        rows = {"levels": LEVELS, "ledger": self.ledger, "variants": [{"id": SCARF, "sku": "SCARF", "barcode": "0123"}]}
        if noun not in rows:
            return httpx.Response(200, json={"locations": LOCATIONS, "stats": STATS}[noun])
        begin = int(request.url.params.get("offset", 0))
        return httpx.Response(200, json=rows[noun][begin : begin + 100])


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def reorder(synq: Any, shop: Shop, tmp_path: Path) -> Callable[..., Any]:
    def run(*line: str, suppliers: str = "", **settings: Any) -> Any:
        shop.asked.clear()
        if suppliers:
            (tmp_path / "suppliers.csv").write_text(suppliers, encoding="utf-8")
            line = (*line, "--suppliers", str(tmp_path / "suppliers.csv"))
        return synq("inventory", "reorder", *line, environ=ENVIRON | {"COLUMNS": "80"}, http=shop, **settings)

    return run


def remarks(result: Any) -> list[str]:
    return result.err.splitlines()[:-1]  # type: ignore[no-any-return]  # without the footer


def test_days_count_in_which_there_was_stock_and_only_what_to_buy_is_listed(reorder: Any, shop: Shop) -> None:
    result = reorder(terminal=True)
    assert result.out.splitlines() == [
        "SKU  Available  Sold  Days in stock  Per day  Days left  Suggested",
        "MUG          0    10              5     2.00          0         28",
    ]
    assert " ".join(remarks(result)) == (
        "Reads the stock levels and 30 days of the ledger, 1 request for each 100 rows. "
        "Counted as demand: return, sale. Not counted: adjustment, receipt, write-off. "
        "Never in stock in these 30 days, so how fast they sell is unknown: OLD. "
        "1 of 4 SKUs need an order; --all lists the others, too."
    )
    assert shop.asked == ["ledger?limit=100", "levels?limit=100"]


def test_one_location_another_time_and_other_types(reorder: Any, shop: Shop) -> None:
    line = ("--location", "High Street shop", "--types", "Sale,write-off", "--cover", "30", "--all")
    fields = "sku,available,sold,days_in_stock,per_day,days_left,suggested"
    assert reorder(*line, "-o", "csv", "--fields", fields).out.splitlines() == [
        fields,
        "HAT,1,9,30,0.30,3,8",
        "OLD,0,0,0,,0,",
    ]
    assert shop.asked == ["locations", "ledger?limit=100", f"levels?location_id={SHOP}&limit=100"]
    # Thirty-one days back, the scarf sold.
    assert "SCARF,20,7,31," in reorder("--days", "31", "--types", "sale,adjustment", "--all", "-o", "csv").out


def test_suppliers_add_lead_time_and_packs_and_group(reorder: Any, shop: Shop) -> None:
    file = "Item code,Supplier,Lead days,pack_size,Price\nHAT,Mill,40,4,9.5\nMUG,Pottery,,12,\nGONE,Mill,,,\n"
    result = reorder("-o", "tsv", suppliers=file)
    assert result.out.splitlines() == [
        "supplier\tsku\tavailable\tsold\tdays_in_stock\tper_day\tdays_left\tsuggested\tlead_days\tpack_size\tvariant_id",
        f"Mill\tHAT\t4\t8\t30\t0.27\t15\t12\t40\t4\t{VARIANT}",
        f"Pottery\tMUG\t0\t10\t5\t2.00\t0\t36\t0\t12\t{OTHER}",
    ]
    *read, unmatched = remarks(result)[1:4]
    assert read == ['Column "Item code" is read as sku.', "Ignored columns: Price."]
    assert unmatched.endswith("suppliers.csv: GONE.")
    assert shop.asked[2:] == ["variants?sku=GONE&limit=100"]


def test_a_workbook_has_a_sheet_for_each_supplier(reorder: Any, shop: Shop) -> None:
    import python_calamine

    line = ("--all", "-o", "xlsx", "--fields", "sku,suggested")
    data = reorder(*line, suppliers="sku,supplier\nHAT,A/S Mill\n").out.encode(errors="surrogateescape")
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    assert {name: book.get_sheet_by_name(name).to_python()[1:] for name in book.sheet_names} == {
        "A-S Mill": [["HAT", 0]],
        "No supplier": [["MUG", 28], ["OLD", ""], ["SCARF", 0]],
    }


@pytest.mark.parametrize(
    ("file", "problems"),
    [
        ("sku,lead_days,pack_size\n,,\n,1,\nHAT,-1,\nHAT,,0\nMUG,1.5,\n",
         ["line 3: no SKU", 'line 4: invalid lead_days "-1". Use a whole number from 0 to 2,147,483,647.',
          'line 5: invalid pack_size "0". Use a whole number from 1 to 2,147,483,647.',
          'line 6: invalid lead_days "1.5". Use a whole number from 0 to 2,147,483,647.']),
        (f"sku,variant_id\nHAT,\n,{VARIANT}\n", [f"line 3: {VARIANT} is given in line 2 already"]),
    ],
)  # fmt: skip
def test_every_problem_of_a_file_is_listed(reorder: Any, file: str, problems: list[str]) -> None:
    result = reorder(suppliers=file)
    assert (result.status, result.out) == (2, "")
    assert [line.strip() for line in result.err.splitlines() if line.startswith("  line")] == problems


def test_the_second_run_reads_only_what_is_new(reorder: Any, shop: Shop, synq: Any) -> None:
    shop.ledger += [entry(2 + number / 100, VARIANT, -1, "count") for number in range(250)]
    shop.ledger.sort(key=lambda row: row["created_at"], reverse=True)
    first = reorder("-o", "csv")
    assert "ledger?limit=100&offset=198" in shop.asked
    synq.clock += 7200
    second = reorder("-o", "csv")
    assert shop.asked == ["ledger?limit=100", "levels?limit=100"]
    assert remarks(second)[0] == (
        "Reads the stock levels and what is new in the ledger, 1 request for each 100 rows. 257 entries were read 2 h "
        "ago; --fresh reads them again."
    )
    assert second.out == first.out
    shop.ledger.insert(0, entry(-0.05, OTHER, -5))
    assert ",15,30," in reorder("-o", "csv").out
    for line in (("--fresh",), ("--days", "60")):
        assert "days of the ledger" in remarks(reorder(*line))[0]
        assert "ledger?limit=100&offset=198" in shop.asked


def test_another_ledger_than_the_cached_one_is_read_anew(reorder: Any, shop: Shop) -> None:
    reorder()
    shop.ledger = [entry(4, OTHER, -6)]
    assert ",6,27," in reorder("-o", "csv").out
    assert shop.asked == ["ledger?limit=100"] * 2 + ["levels?limit=100"]


@pytest.mark.parametrize("missing", ["ledger", "levels"])
def test_without_ledger_or_levels_the_statistics_say_what_is_low(reorder: Any, shop: Shop, missing: str) -> None:
    shop.missing = {missing}
    result = reorder("-o", "csv", suppliers="sku,supplier\nMUG,Pottery\n")
    assert result.out == (
        f"supplier,sku,on_hand,title,lead_days,pack_size,variant_id\nPottery,MUG,0,Enamel Mug,0,1,{OTHER}\n"
    )
    assert remarks(result)[-1] == (
        "This server does not list its stock ledger and levels, so it is not known how fast anything sells. These are "
        "the variants that its statistics list as closest to running out, over all locations."
    )
    reorder()
    assert shop.asked == ["stats"]


def test_entries_that_say_nothing_are_ignored_aloud(reorder: Any, shop: Shop) -> None:
    shop.ledger.insert(0, entry(0.2, OTHER, -5) | {"quantity_delta": "5"})
    assert "Warning: Ignored ledger entries without a variant, a location or a quantity: 1." in remarks(reorder())


@pytest.mark.parametrize(
    ("line", "what"), [(("--types", "sale,"), 'Invalid --types "sale,"'), (("--days", "0"), "--days")]
)
def test_invalid_options_are_refused_before_anything_is_sent(reorder: Any, shop: Shop, line: Any, what: str) -> None:
    result = reorder(*line)
    assert (result.status, what in result.err, shop.asked) == (2, True, [])
