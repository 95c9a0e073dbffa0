"""The installed program, killed while its order is on the way: the key outlives it."""

import json
import socket
import subprocess
from pathlib import Path

from served import MINUTE, own_environ, started

ORDER = {
    "payment_provider": "stripe",
    "payment_reference": "pi_3SAmpleHarbour02",
    "currency": "GBP",
    "items": [{"product_title": "Made-to-measure repair", "quantity": 1, "unit_price": 89.5}],
}


def killed(line: list[str], environ: dict[str, str], silent: socket.socket) -> tuple[str, bytes]:
    """What it said first and what it had sent, before it was killed without having had an answer."""
    with started(*line, environ=environ, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        with silent.accept()[0] as connection:
            sent = b""
            while b'"items"' not in sent and (chunk := connection.recv(65536)):
                sent += chunk
            process.kill()
            process.wait(20)
    return said, sent


def test_the_key_of_a_killed_process_is_used_again(tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    file.write_text(json.dumps(ORDER), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(MINUTE)
        environ = own_environ(tmp_path) | {
            "SYNQ_BASE_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "SYNQ_TOKEN": "a.b.c",
        }
        line = ["orders", "create", "--file", str(file)]
        first, sent = killed(line, environ, silent)
        again, resent = killed(line, environ, silent)
    key = first.split()[-1]
    assert first == f"Idempotency key {key}\n"
    assert again.startswith(f"Warning: Idempotency key {key}: from the attempt ")
    assert again.endswith("The order can't be placed twice.\n")
    for request in (sent, resent):
        assert json.loads(request.partition(b"\r\n\r\n")[2])["idempotency_key"] == key
