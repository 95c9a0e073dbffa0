"""The process: entered light, left at once; the installed `synq` and `python -m synq_cli`."""

import gc
import os

from synq_cli.app import main


def run() -> None:
    """Run synq as a process of its own, and end the process."""
    # Loading makes thousands of objects that stay; looking through them for garbage again and again costs 5 ms.
    gc.set_threshold(50_000)
    status = main()
    # main() has flushed and closed what it opened. Taking a few hundred modules apart again would cost 10 ms.
    os._exit(status)


if __name__ == "__main__":
    run()
