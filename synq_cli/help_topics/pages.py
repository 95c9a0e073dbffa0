"""The pages of help topics: text from the files here, tables from the program itself."""

import re
from typing import Any

from synq_cli.cli.tree import EXITS
from synq_cli.session.settings import SETTINGS

TOPICS = ("exit-codes", "environment", "formats", "rate-limit", "auth", "bulk", "agents", "plans", "policy")
# The variables of the settings, and others.
VARIABLES = [
    *((setting.env, setting.help) for setting in SETTINGS if setting.env),
    ("SYNQ_TOKEN", "token; never stored"),
    ("SYNQ_WEBHOOK_SECRET", "secret that webhooks are signed with"),
    ("SYNQ_TEAM_STORE", "connection string of the team store, if the setting team_store is $SYNQ_TEAM_STORE"),
    ("SYNQ_CONFIG_DIR", "folder of the profiles [default: the platform's]"),
    ("SYNQ_STATE_DIR", "folder of the rate limit, runs, caches and the sandbox [default: the platform's]"),
    ("NO_COLOR", "turns color off if set, as does TERM=dumb"),
    ("CLICOLOR", "turns color off if 0"),
    ("CLICOLOR_FORCE", "turns color on without a terminal if 1"),
    ("COLUMNS", "width of tables [default: the terminal's]"),
    ("HTTPS_PROXY", "URL of a proxy: http, https, socks5 or socks5h [default: ALL_PROXY]"),
    ("NO_PROXY", "comma-separated hosts, addresses and networks to reach without the proxy"),
    ("SSL_CERT_FILE", "PEM file of trusted certificates; SSL_CERT_DIR is a folder of them"),
]
EXIT_STATUSES = [(str(status), meaning) for status, meaning in EXITS.items()]
_TABLES = {"{exits}": EXIT_STATUSES, "{environment}": VARIABLES}


def summary(topic: str) -> str:
    """The first line of a topic."""
    return _text(topic).partition("\n")[0]


def write_list(formatter: Any) -> None:
    """Write the list of topics into a help formatter."""
    with formatter.section("Topics"):
        formatter.write_dl([(topic, summary(topic)) for topic in TOPICS])
    formatter.write_paragraph()
    formatter.write_text("Run `synq help TOPIC` for a topic, `synq help orders list` for a command.")
    formatter.write_text("Run `synq --help` for the list of commands.")


def write_page(topic: str, formatter: Any) -> None:
    """Write a topic into a help formatter."""
    head, *sections = re.split(r"\n# ", _text(topic))
    _write_blocks(head, formatter)
    for section in sections:
        title, _, body = section.partition("\n\n")
        with formatter.section(title):
            _write_blocks(body, formatter)


def _write_blocks(body: str, formatter: Any) -> None:
    """Write paragraphs, lists of `term :: meaning`, tables, and lines indented by two spaces, which stay unwrapped."""
    for position, block in enumerate(body.strip("\n").split("\n\n")):
        if position:
            formatter.write_paragraph()
        if block in _TABLES:
            formatter.write_dl(_TABLES[block])
        elif " :: " in block:
            formatter.write_dl([tuple(line.split(" :: ")) for line in block.splitlines()])
        elif block.startswith("  "):
            formatter.write(f"{block}\n")
        else:
            formatter.write_text(block)


def _text(topic: str) -> str:
    from importlib import resources

    return (resources.files("synq_cli.help_topics") / f"{topic}.txt").read_text(encoding="utf-8")
