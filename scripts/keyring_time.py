"""What the remembered backend saves: sh scripts/secret-service.sh run python scripts/keyring_time.py."""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROUNDS = 15
READ = """
import sys, time
from pathlib import Path
from synq_cli.state.memory import Memory
from synq_cli.session.tokens.stores import TokenStore
folder = Path(sys.argv[1])
store = TokenStore(folder, memory=Memory(lambda: folder))
started = time.perf_counter()
store.read("acme", "keyring")
print((time.perf_counter() - started) * 1000)
"""


def read(folder: Path) -> float:
    """Milliseconds of the first read of a new process."""
    return float(
        subprocess.run([sys.executable, "-c", READ, folder], capture_output=True, check=True, text=True).stdout
    )


with tempfile.TemporaryDirectory() as place:
    folder = Path(place)
    read(folder)
    searched, remembered = [], []
    for _ in range(ROUNDS):
        remembered.append(read(folder))
        (folder / "memory.json").unlink()
        searched.append(read(folder))
print(f"first read of a process, median of {ROUNDS}:")
print(f"  backend searched for  {statistics.median(searched):6.1f} ms")
print(f"  backend remembered    {statistics.median(remembered):6.1f} ms")
