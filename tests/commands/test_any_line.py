"""Whatever is typed, synq answers with a sentence and an exit status, never with a bug."""

from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synq_cli.app import GROUPS

WORDS = st.sampled_from([
    *GROUPS, "list", "get", "adjust", "levels", "locations", "skus", "import", "forget", "add", "delete", "variants",
    "show", "login", "status", "token", "switch", "logout", "set", "unset", "path", "info", "reset", "init",
    "--json", "-o", "csv", "table", "yaml", "ndjson", "tsv", "--fields", "id,status", "--jq", ".[0]", "--quiet",
    "--sandbox", "--profile", "acme", "--limit", "1", "0", "-5", "+5", "--all", "--dry-run", "--yes", "--location",
    "Leith warehouse", "HMC-NVY-M", "--sku", "--timeout", "--max-wait", "--base-url", "http://127.0.0.1:1", "--debug",
    "--read-only", "--no-color", "--help", "--version", "-h", "-p", "--", "-", "", "--status", "open", "--since", "7d",
    "86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42", "base_url", "timeout", "--with-token", "--insecure-storage",
    "\ud800", "\x1b",
])  # fmt: skip


ID = "86b4e1a9-c27d-4f50-9e38-f1a6d07c5b42"
COMMANDS = st.sampled_from([
    "orders list", "orders list --status open --all", f"orders get {ID}", "orders get", f"orders track {ID}",
    f"orders fulfill {ID} --item A=1", f"orders return {ID}", f"orders cancel {ID} --yes", "orders create --file -",
    f"orders create --item {ID}=1@2 --currency EUR --payment-provider a --payment-reference b --location {ID} --for 3",
    f"inventory adjust {ID} -5",
    f"inventory adjust {ID} -5 --location {ID}", f"inventory adjust A-1 5 --location {ID} --dry-run",
    "inventory adjust", "inventory levels --all", "inventory locations", "inventory skus list",
    "inventory skus import -", f"inventory skus add A {ID}", "inventory skus forget --all", "products list",
    f"products get {ID}", f"products delete {ID} --yes", f"products delete {ID} --dry-run",
    "products variants list --all", "channels list", "channels create A --currency EUR", "channels update b --active",
    "inventory reserve A-1 5", f"inventory release {ID} --yes", "inventory reservations --sku A-1",
    "inventory ledger --since 7d --sku A-1", "inventory levels --low", "integrations list", "integrations connect",
    "integrations save x", "integrations disconnect x --yes", "organization show", "organization update --name X",
    "organization members list", "organization members invite x@y.no --role ADMIN",
    "organization members remove x --yes", "organization members set-role x ADMIN", "settings show",
    "settings set costing_method=WAC", "auth login --with-token",
    "auth login --with-token --insecure-storage", "auth status", "auth token", "auth switch acme", "auth logout",
    "config list", "config get output", "config set output json", "config unset output", "limits", "sandbox init",
    "sandbox info", "sandbox reset --yes", "sandbox token", "audit list", "audit list --catalogue --actor a",
    "webhooks sign -", "webhooks verify - --signature x", "webhooks send https://hooks.test --event order.created",
    f"webhooks send /unified/webhook --event order.created --connection {ID}", "api /x", "api POST /x -f a=1",
    "api GET /x --paginate -f", "api -i DELETE /x", "schema", "schema orders list", "doctor", "",
]).map(str.split)  # fmt: skip
REPLIES = st.sampled_from([
    (200, "[]"), (200, "{}"), (200, "null"), (200, "[1]"), (200, '{"orders": [{"id": 5, "total": {}}]}'),
    (200, '[{"sku": "A-1"}, {"id": [1], "sku": "A-1"}, {"id": "b"}]'), (200, '[{"id": "a", "sku": 3, "title": ["x"]}]'),
    (200, '{"id": "x"}'), (200, '{"id": {}, "levels": [{}, {"variant_id": []}]}'), (200, "<html>"), (204, ""),
    (404, ""), (500, "oops"), (429, ""),
])  # fmt: skip


@settings(max_examples=4 * settings().max_examples, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    command=COMMANDS,
    rest=st.just([]) | st.lists(WORDS | st.text(max_size=8), max_size=4),
    token=st.sampled_from(["", "a.b.c", "x y"]),
    reply=REPLIES,
    terminal=st.booleans(),
)
def test_no_line_and_no_reply_is_a_bug(
    synq: Any, command: list[str], rest: list[str], token: str, reply: tuple[int, str], terminal: bool
) -> None:
    line = [*command, *rest]
    if "serve" in line:
        return
    http = httpx.MockTransport(lambda _request: httpx.Response(reply[0], text=reply[1]))
    environ = {"SYNQ_TOKEN": token, "SYNQ_MAX_WAIT": "5", "SYNQ_WEBHOOK_SECRET": "secret"}
    result = synq(*line, environ=environ, http=http, terminal=terminal, stdin="y")
    assert result.status != 1, f"{line}: {result.err}"
    assert "Traceback" not in result.err
