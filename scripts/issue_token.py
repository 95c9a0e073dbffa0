"""A token_command for checks: prints a new token of a sandbox, and logs it with the process that asked for it.

python scripts/issue_token.py DATABASE LOG SECONDS [BEGUN SPEED]   the clock, if it is simulated
"""

import os
import sys
import time
from pathlib import Path

from synq_cli.sandbox.server.identity import issue_token


def main() -> None:
    database, log, seconds, *clock = sys.argv[1:]
    begun, speed = map(float, clock or (0, 1))
    token = issue_token(Path(database), expires_in=float(seconds), now=lambda: begun + (time.time() - begun) * speed)
    with Path(log).open("a", encoding="utf-8") as file:
        file.write(f"{os.getppid()} {token}\n")
    print(token)


if __name__ == "__main__":
    main()
