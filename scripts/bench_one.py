"""Runs one command; prints its seconds, the seconds until its first line, its peak memory in MB and its bytes."""

import resource
import subprocess
import sys
import time

started = time.perf_counter()
first_line, written = 0.0, 0
with subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0) as process:
    assert process.stdout is not None
    while chunk := process.stdout.read(1 << 20):
        written += len(chunk)
        if not first_line and b"\n" in chunk:
            first_line = time.perf_counter() - started
seconds = time.perf_counter() - started
unit = 1_000_000 if sys.platform == "darwin" else 1_000
print(seconds, first_line, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit, written)
sys.exit(process.returncode)
