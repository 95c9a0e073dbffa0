"""What a start may import, which decides how long it takes."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

PROBE = """
import sys
from synq_cli.__main__ import main, spare_imports
spare_imports()
for line in sys.argv[1:]:
    main(line.split(" "))
    sys.stdout.flush()
    print("\\nLoaded " + " ".join(sorted(name for name, module in sys.modules.items() if module)), file=sys.stderr)
"""
HEAVY = {
    "asyncio", "email_validator", "falcon", "filelock", "httpx", "jq", "keyring", "platformdirs", "pydantic",
    "python_calamine", "rfc3986_validator", "rich", "sqlite3", "ssl", "waitress", "xlsxwriter", "yaml",
}  # fmt: skip
# Of the extras team and mcp, and what they bring.
EXTRAS = {"click", "mcp", "psycopg", "pydantic"}


def loaded(tmp_path: Path, *lines: str, **variables: str) -> list[set[str]]:
    """The packages that are loaded after each of these lines, which one process runs one after the other."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),  # as most people have it, with no folder named
        **variables,
    }
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *lines], env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    shown = [line.split()[1:] for line in done.stderr.splitlines() if line.startswith("Loaded ")]
    return [{name.split(".")[0] for name in names} for names in shown]


def test_version_imports_no_typer_and_help_nothing_heavy(tmp_path: Path) -> None:
    version, *pages = loaded(tmp_path, "--version", "--help", "orders list --help", "help formats")
    assert version & (HEAVY | EXTRAS | {"typer", "json"}) == set()
    assert [page & (HEAVY | EXTRAS | {"typer"}) for page in pages] == [{"typer"}] * 3


def test_completion_imports_neither_typer_nor_anything_heavy(tmp_path: Path) -> None:
    state = tmp_path / ".local" / "state" / "synq"
    state.mkdir(parents=True)
    (state / "index.sqlite3").touch()
    runs, skus = loaded(tmp_path, *(f"__complete {kind}  -- synq --sandbox" for kind in ("run", "sku")))
    assert runs & (HEAVY | EXTRAS | {"typer"}) == {"platformdirs"}
    assert skus & (HEAVY | EXTRAS | {"typer"}) == {"platformdirs", "sqlite3"}


def test_sandbox_orders_import_no_rich_yaml_or_keyring(tmp_path: Path) -> None:
    (modules,) = loaded(tmp_path, "--sandbox orders list --json --limit 1")
    assert modules & {"httpx", "sqlite3"} == {"httpx", "sqlite3"}
    unused = {"rich", "yaml", "keyring", "pydantic", "filelock", "xlsxwriter", "python_calamine"}
    assert modules & (unused | EXTRAS) == set()


def test_settings_of_an_mcp_client_need_no_sdk(tmp_path: Path) -> None:
    (modules,) = loaded(tmp_path, "mcp config claude --profile acme --json")
    assert modules & (EXTRAS | {"anyio", "httpx", "rich"}) == set()


def test_network_orders_import_no_rich_yaml_or_keyring(tmp_path: Path) -> None:
    answer = b'HTTP/1.1 200 OK\r\nContent-Length: 24\r\n\r\n{"orders":[{"id":"a"}]} '
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        line = "orders list --json --limit 1"
        (modules,) = loaded(tmp_path, line, SYNQ_BASE_URL=address, SYNQ_TOKEN="opaque-token-0123456789")
        thread.join()
    assert modules & {"httpx", "sqlite3"} == {"httpx", "sqlite3"}
    unused = {"truststore", "rich", "yaml", "keyring", "filelock"}
    assert modules & (unused | EXTRAS) == set()


def test_unchanged_profiles_need_no_yaml(tmp_path: Path) -> None:
    (tmp_path / ".config" / "synq").mkdir(parents=True)
    (tmp_path / ".config" / "synq" / "config.yaml").write_text("profiles: {acme: {timeout: 5}}\n", encoding="utf-8")
    line = "--sandbox config get timeout --json"
    assert "yaml" in loaded(tmp_path, line)[0]
    assert "yaml" not in loaded(tmp_path, line, "__complete profile  -- synq")[1]
