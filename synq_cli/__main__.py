"""The entry point of `synq` and `python -m synq_cli`, which answers the most frequent calls without Typer."""

import gc
import os
import sys


def main(arguments: list[str]) -> int:
    """Run synq on the process's streams and environment; returns the exit status."""
    try:
        # Scripts, prompts and shells call these two often, and loading Typer takes several times as long as the answer.
        # `app` answers the same.
        if arguments in (["--version"], ["-V"]) and _wrote_version():
            return 0
        if arguments[:1] == ["__complete"]:
            from pathlib import Path

            from synq_cli.completion.known import answer

            answer(arguments[1:], os.environ, Path.cwd)
            return 0
        from synq_cli.app import app

        status: int = app(arguments, standalone_mode=False)
    except KeyboardInterrupt:  # while synq was loading
        sys.stderr.write("synq: Interrupted.\n")
        return 130
    return status


def _wrote_version() -> bool:
    from synq_cli import __version__

    try:
        sys.stdout.write(f"synq {__version__}\n")
        sys.stdout.flush()
    except (AttributeError, OSError):  # closed, or full: `app` reports it
        return False
    return True


def _names_socks_proxy() -> bool:
    return any("socks" in value.lower() for name, value in os.environ.items() if name.lower().endswith("_proxy"))


def spare_imports() -> None:
    """Keep libraries from importing what synq never uses: None marks a module as missing."""
    # httpx's own command line loads click, Rich and Pygments: 35 ms where a click is installed, as with the extra mcp.
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
    if sys.platform not in {"darwin", "win32"} and not _names_socks_proxy():
        # httpcore imports its SOCKS library at each start if it is installed, which takes 3 to 7 ms.
        sys.modules["socksio"] = None  # type: ignore[assignment]


def run() -> None:
    """Run synq and end the process."""
    # Loading creates thousands of objects that stay; collecting garbage among them takes 7 to 12 ms.
    gc.set_threshold(200_000)
    spare_imports()
    status = main(sys.argv[1:])
    # main() has flushed and closed everything. The interpreter's own cleanup would take 13 to 20 ms.
    os._exit(status)


if __name__ == "__main__":
    run()
