"""The files that imports are measured on, and a bare loop over them: python scripts/bench_files.py FILE."""

import csv
import json
import random
import sys
from pathlib import Path

COLUMNS = ("title", "sku", "description", "category", "brand", "price", "currency", "barcode", "Material")
_TEXT = """linen cotton wool shirt with long sleeves and a button-down collar, made in Portugal from certified organic
fibres; machine wash at 30 °C. Zoë's pick for cold mornings and "slow" evenings"""
_BRANDS = ("Northwind", "Fjord & Sons", "Acme, Inc.", "Møller")
_CATEGORIES = ("Clothing > Shirts", "Home", "Outdoor > Tents", "Kitchen")


def write_catalogue(path: Path, rows: int) -> None:
    """A catalogue of so many rows of some 310 bytes, CSV or NDJSON by its name."""
    some, words = random.Random(7), _TEXT.split()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if path.suffix == ".csv":
            writer.writerow(COLUMNS)
        for number in range(rows):
            price = some.randint(100, 99_999)
            cells = [
                " ".join(some.choices(words, k=5)), f"SKU-{number:07}", " ".join(some.choices(words, k=34)),
                some.choice(_CATEGORIES), some.choice(_BRANDS), f"{price / 100:.2f}", "GBP",
                str(5_000_000_000_000 + number), some.choice(words),
            ]  # fmt: skip
            if path.suffix == ".csv":
                writer.writerow(cells)
            else:
                row = {**dict(zip(COLUMNS, cells, strict=True)), "price": price / 100}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")


def read_bare(path: Path) -> None:
    """What an import can't do without: each row read, and written as JSON to nowhere."""
    with path.open(encoding="utf-8", newline="") as file, Path("/dev/null").open("w", encoding="utf-8") as nowhere:
        if path.suffix == ".csv":
            reader = csv.reader(file)
            names = next(reader)
            nowhere.writelines(json.dumps(dict(zip(names, cells, strict=True)), ensure_ascii=False) for cells in reader)
        else:
            nowhere.writelines(json.dumps(json.loads(line), ensure_ascii=False) for line in file)


if __name__ == "__main__":
    read_bare(Path(sys.argv[1]))
