"""Files for measuring imports, and a bare loop that reads one: python scripts/bench_files.py FILE."""

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
    """Write a catalogue of this many rows of some 310 bytes, as CSV or NDJSON depending on the file name."""
    rng, words = random.Random(7), _TEXT.split()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if path.suffix == ".csv":
            writer.writerow(COLUMNS)
        for number in range(rows):
            price = rng.randint(100, 99_999)
            cells = [
                " ".join(rng.choices(words, k=5)), f"SKU-{number:07}", " ".join(rng.choices(words, k=34)),
                rng.choice(_CATEGORIES), rng.choice(_BRANDS), f"{price / 100:.2f}", "GBP",
                str(5_000_000_000_000 + number), rng.choice(words),
            ]  # fmt: skip
            if path.suffix == ".csv":
                writer.writerow(cells)
            else:
                row = {**dict(zip(COLUMNS, cells, strict=True)), "price": price / 100}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")


def read_bare(path: Path) -> None:
    """Do the least that an import must: read each row and write it as JSON, here to /dev/null."""
    with path.open(encoding="utf-8", newline="") as file, Path("/dev/null").open("w", encoding="utf-8") as sink:
        if path.suffix == ".csv":
            reader = csv.reader(file)
            names = next(reader)
            sink.writelines(json.dumps(dict(zip(names, cells, strict=True)), ensure_ascii=False) for cells in reader)
        else:
            sink.writelines(json.dumps(json.loads(line), ensure_ascii=False) for line in file)


if __name__ == "__main__":
    read_bare(Path(sys.argv[1]))
