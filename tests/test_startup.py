"""What a start may import, which decides how long it takes."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

# The test tools bring a `click`, and with it httpx loads Rich; a user's environment has none.
PROBE = """
import sys
class NoClick:
    def find_spec(self, name, path=None, target=None):
        if name == "click":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, NoClick())
from synq_cli.__main__ import main
status = main(sys.argv[1:])
sys.stdout.flush()
print("\\n" + " ".join(sorted(sys.modules)), file=sys.stderr)
"""
HEAVY = {
    "asyncio", "email_validator", "falcon", "filelock", "httpx", "jq", "keyring", "platformdirs", "pydantic",
    "python_calamine", "rfc3986_validator", "rich", "sqlite3", "ssl", "waitress", "xlsxwriter", "yaml",
}  # fmt: skip


def loaded(tmp_path: Path, *line: str, **variables: str) -> set[str]:
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),  # as most people have it, with no folder named
        **variables,
    }
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *line], env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    return {name.split(".")[0] for name in done.stderr.splitlines()[-1].split()}


def test_version_imports_no_typer(tmp_path: Path) -> None:
    assert loaded(tmp_path, "--version") & (HEAVY | {"typer", "json"}) == set()


@pytest.mark.parametrize("line", [("--help",), ("orders", "list", "--help"), ("help", "formats")])
def test_help_imports_typer_but_nothing_heavy(tmp_path: Path, line: tuple[str, ...]) -> None:
    assert loaded(tmp_path, *line) & HEAVY == set()


@pytest.mark.parametrize("kind", ["sku", "run"])
def test_completion_imports_neither_typer_nor_anything_heavy(tmp_path: Path, kind: str) -> None:
    state = tmp_path / ".local" / "state" / "synq"
    state.mkdir(parents=True)
    (state / "index.sqlite3").touch()
    modules = loaded(tmp_path, "__complete", kind, "", "--", "synq", "--sandbox")
    used = {"platformdirs", "sqlite3"} if kind == "sku" else {"platformdirs"}
    assert modules & (HEAVY | {"typer"}) == used


def test_sandbox_orders_import_no_rich_yaml_or_keyring(tmp_path: Path) -> None:
    modules = loaded(tmp_path, "--sandbox", "orders", "list", "--json", "--limit", "1")
    assert modules & {"httpx", "sqlite3"} == {"httpx", "sqlite3"}
    assert modules & {"rich", "yaml", "keyring", "pydantic", "filelock", "xlsxwriter", "python_calamine"} == set()


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
        line = ("orders", "list", "--json", "--limit", "1")
        modules = loaded(tmp_path, *line, SYNQ_BASE_URL=address, SYNQ_TOKEN="opaque-token-0123456789")
        thread.join()
    assert modules & {"httpx", "sqlite3"} == {"httpx", "sqlite3"}
    unused = {"truststore", "rich", "yaml", "keyring", "filelock"}
    assert modules & unused == set()


def test_unchanged_profiles_need_no_yaml(tmp_path: Path) -> None:
    (tmp_path / ".config" / "synq").mkdir(parents=True)
    (tmp_path / ".config" / "synq" / "config.yaml").write_text("profiles: {acme: {timeout: 5}}\n", encoding="utf-8")
    line = ("--sandbox", "config", "get", "timeout", "--json")
    assert "yaml" in loaded(tmp_path, *line)
    assert "yaml" not in loaded(tmp_path, *line)
    assert "yaml" not in loaded(tmp_path, "__complete", "profile", "", "--", "synq")
