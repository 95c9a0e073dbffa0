"""What a scanned line means, and the file that it goes to: nothing is lost, whatever happens to the process."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synq_cli.errors import RefusedError, UsageError
from synq_cli.resources.inventory.counting.scan_file import RefusedLineError, Scan, ScanFile
from synq_cli.resources.inventory.counting.scanning import ScanSession, split_line
from synq_cli.resources.products.offline import Item

resource = pytest.importorskip("resource")

HEADER = "scanned_at,code,sku,quantity\n"
AT = "2026-11-24T12:00:00Z"
NOW = 1_795_521_600.0
KNOWN = {"HMC", "SHIRT 12", "3*TEA", "-5", "Ünï", "A"}


@pytest.mark.parametrize(
    ("line", "code", "units"),
    [
        (" HMC ", "HMC", 1),
        ("12*HMC", "HMC", 12),
        ("12 * HMC", "HMC", 12),
        ("HMC 12", "HMC", 12),
        ("NOPE 12", "NOPE", 12),
        ("Ünï 9999", "Ünï", 9999),
        # Known codes are taken as they are, and so is what follows the first *.
        ("SHIRT 12", "SHIRT 12", 1),
        ("SHIRT 12 3", "SHIRT 12", 3),
        ("3*TEA", "3*TEA", 1),
        ("2*3*TEA", "3*TEA", 2),
        ("1*HAT 12", "HAT 12", 1),
        ("-5", "-5", 1),
        ("*X", "*X", 1),
        ("5012345678900", "5012345678900", 1),
        ("0105012345678900\x1d10A", "0105012345678900\x1d10A", 1),
    ],
)
def test_a_line_is_a_code_with_or_without_units(line: str, code: str, units: int) -> None:
    assert split_line(line, KNOWN.__contains__) == (code, units)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("5012345678900*X", '"5012345678900*X" has a quantity of 5012345678900: use 1 to 9,999.'),
        ("HMC 10000", '"HMC 10000" has a quantity of 10000: use 1 to 9,999.'),
        ("0*HMC", '"0*HMC" has a quantity of 0: use 1 to 9,999.'),
        ("HMC -2", '"HMC -2" has a quantity of -2: use 1 to 9,999.'),
        ("9" * 5000 + "*X", f'"{"9" * 5000}*X" has a quantity of {"9" * 5000}: use 1 to 9,999.'),
        ("12*", '"12*" has no code.'),
        ("- 3", '"- 3" has no code.'),
        ("A\0B", '"A\0B" has control characters.'),
    ],
)
def test_a_line_that_makes_no_sense_is_refused(line: str, problem: str) -> None:
    with pytest.raises(RefusedLineError) as caught:
        split_line(line, KNOWN.__contains__)
    assert caught.value.message == problem


def find(code: str) -> Item | None:
    return Item(code, f"id of {code}", f"Title of {code}") if code in KNOWN else None


@pytest.fixture
def file(tmp_path: Path) -> Iterator[ScanFile]:
    with closing(ScanFile(tmp_path / "friday.csv")) as opened:
        yield opened


def test_lines_are_taken_back_one_after_the_other_across_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "friday.csv"
    with closing(ScanFile(path)) as file:
        session = ScanSession(file, find, now=lambda: NOW)
        for line in ("A", "2*NOPE", "A 3", "-"):
            session.record(line)
        assert session.summary() == "2 lines, 1 unit of 1 SKU, 2 units of 1 unknown code (NOPE)"
    with closing(ScanFile(path)) as again:
        continued = ScanSession(again, find, now=lambda: NOW, books={"id of A": 7})
        assert continued.record("A 4") == {
            "scanned_at": AT,
            "code": "A",
            "sku": "A",
            "quantity": 4,
            "counted": 5,
            "on_hand": 7,
            "title": "Title of A",
            "variant_id": "id of A",
        }
        assert [continued.record("-")["code"] for _ in range(3)] == ["A", "NOPE", "A"]
        with pytest.raises(RefusedLineError, match="There is no line to take back"):
            continued.record("-")
        assert (continued.counts(), continued.summary()) == ([], "0 lines")


@given(
    st.lists(st.tuples(st.text(max_size=6), st.sampled_from(["", "A", "=1+1"]), st.integers(-9, 9_999)), max_size=3),
    st.data(),
)
def test_what_is_written_is_read_and_a_cut_costs_only_the_line_it_is_in(
    lines: list[tuple[str, str, int]], data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder:
        path, kept, ends = Path(folder, "s.csv"), [], [len(HEADER)]
        with closing(ScanFile(path)) as file:
            for code, sku, quantity in lines:
                scan = Scan(AT, code, sku, quantity)
                try:
                    file.append(scan)
                except RefusedLineError:
                    continue
                kept.append(scan)
                ends.append(path.stat().st_size)
        cut = data.draw(st.integers(0, ends[-1]))
        os.truncate(path, cut)
        whole = sum(end <= cut for end in ends[1:])
        with path.open("ab") as torn:
            torn.write(b"\0" * data.draw(st.integers(0, 3)))  # as some file systems leave behind
        with closing(ScanFile(path)) as file:
            assert file.scans == kept[:whole]
            assert bool(file.torn) == (cut not in ends and cut > len(HEADER))
            file.append(Scan(AT, "B", "", 1))
        with closing(ScanFile(path)) as file:
            assert file.scans == [*kept[:whole], Scan(AT, "B", "", 1)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sku,delta\nA,1\n", "its first line is not scanned_at,code,sku,quantity"),
        ("scanned_at;code;sku;quantity\n", "its first line is not scanned_at,code,sku,quantity"),
        ("no line", "its first line is not scanned_at,code,sku,quantity"),
        (f"{HEADER}{AT},A,A,many\n", "has 1 problem"),
        (f"{HEADER}yesterday,A,A,1\n", "has 1 problem"),
        (f"{HEADER}{AT},,A,1\n", "has 1 problem"),
        (f"{HEADER}{AT},A,1\n", "has 1 problem"),
    ],
)
def test_another_file_is_refused_and_left_as_it_is(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "other.csv"
    path.write_text(text + "torn", encoding="utf-8")
    with pytest.raises(UsageError, match=problem):
        ScanFile(path)
    assert path.read_text(encoding="utf-8") == text + "torn"


def test_a_second_process_is_refused(file: ScanFile) -> None:
    with pytest.raises(RefusedError, match="Another synq process is scanning into"):
        ScanFile(file.path)


@pytest.mark.parametrize("how", ["replaced", "appended", "deleted"])
def test_a_file_that_another_program_changes_takes_no_more(file: ScanFile, how: str) -> None:
    if how == "appended":
        file.path.write_text(f"{HEADER}{AT},X,,1\n", encoding="utf-8")
    else:
        file.path.unlink()
    if how == "replaced":
        file.path.write_text(HEADER, encoding="utf-8")
    with pytest.raises(UsageError, match=r"A was not recorded\."):
        file.append(Scan(AT, "A", "", 1))


def test_a_full_disk_leaves_no_half_line(file: ScanFile) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(HEADER) + 9, limits[1]))
    try:
        with pytest.raises(UsageError, match=r"can't be used: File too large. A was not recorded\."):
            file.append(Scan(AT, "A", "", 1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert file.path.read_text(encoding="utf-8") == HEADER
    file.append(Scan(AT, "A", "", 1))
    assert file.path.read_text(encoding="utf-8") == f"{HEADER}{AT},A,,1\n"
