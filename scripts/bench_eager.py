"""The same list by a plain program with all imports at the top, for comparison with synq."""

import json
import os
from pathlib import Path

import httpx
import keyring
import typer
import yaml
from rich.console import Console
from rich.table import Table

app = typer.Typer()


@app.callback()
def root() -> None:
    """Orders at the prompt."""


@app.command("list")
def list_orders(*, as_json: bool = typer.Option(False, "--json"), limit: int = 100) -> None:
    """List orders."""
    config = Path(os.environ["HOME"]) / "config.yaml"
    profile = yaml.safe_load(config.read_text()) if config.exists() else {}
    base_url = os.environ.get("SYNQ_BASE_URL") or profile["base_url"]
    token = os.environ.get("SYNQ_TOKEN") or keyring.get_password("eager", "default")
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}) as client:
        reply = client.get(f"{base_url}/api/v1/oms/orders", params={"limit": limit})
    reply.raise_for_status()
    orders = reply.json()
    if as_json:
        print(json.dumps(orders, indent=2, ensure_ascii=False))
        return
    keys = ["id", "status", "total", "currency", "channel", "payment_status", "created_at", "updated_at"]
    table = Table(*keys)
    for order in orders:
        table.add_row(*(str(order.get(key)) for key in keys))
    Console(width=140).print(table)


if __name__ == "__main__":
    app()
