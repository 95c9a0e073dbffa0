"""The help topics as pages: their text from the files here, their tables from what the program itself uses."""

import re
from typing import Any

from synq_cli.cli.tree import EXITS
from synq_cli.session.settings import SETTINGS

TOPICS = ("exit-codes", "environment", "formats", "rate-limit", "auth", "bulk")
# What is read beside the settings.
_VARIABLES = (
    ("SYNQ_TOKEN", "the token; never stored"),
    ("SYNQ_WEBHOOK_SECRET", "the secret that webhooks are signed with"),
    ("SYNQ_CONFIG_DIR", "the folder of the profiles; else the platform's"),
    ("SYNQ_STATE_DIR", "the folder of the budget, the runs, the SKU index and the sandbox; else the platform's"),
    ("NO_COLOR", "no color, if it is set; so does TERM=dumb"),
    ("CLICOLOR", "no color, if it is 0"),
    ("CLICOLOR_FORCE", "color also off a terminal, if it is 1"),
    ("COLUMNS", "the width of tables; else the terminal's"),
    ("HTTPS_PROXY", "URL of a proxy: http, https, socks5 or socks5h; else ALL_PROXY"),
    ("NO_PROXY", "hosts, addresses and networks to reach directly, with commas between"),
    ("SSL_CERT_FILE", "PEM file with certificates to trust; SSL_CERT_DIR, a folder of them"),
)


def summary(topic: str) -> str:
    """The sentence that a topic begins with."""
    return _text(topic).partition("\n")[0]


def write_list(formatter: Any) -> None:
    """Write the list of topics into a help formatter."""
    with formatter.section("Topics"):
        formatter.write_dl([(topic, summary(topic)) for topic in TOPICS])
    formatter.write_paragraph()
    formatter.write_text("`synq help TOPIC` explains one, `synq help orders list` a command.")
    formatter.write_text("`synq --help` lists the commands.")


def write_page(topic: str, formatter: Any) -> None:
    """Write a topic into a help formatter, which knows the width."""
    head, *sections = re.split(r"\n# ", _text(topic))
    _write_blocks(head, formatter)
    for section in sections:
        title, _, body = section.partition("\n\n")
        with formatter.section(title):
            _write_blocks(body, formatter)


def _write_blocks(body: str, formatter: Any) -> None:
    """Paragraphs, lists of `term :: meaning`, tables, and lines that begin with two blanks, which stay as they are."""
    for position, block in enumerate(body.strip("\n").split("\n\n")):
        if position:
            formatter.write_paragraph()
        if block in _TABLES:
            formatter.write_dl(_TABLES[block]())
        elif " :: " in block:
            formatter.write_dl([tuple(line.split(" :: ")) for line in block.splitlines()])
        elif block.startswith("  "):
            formatter.write(f"{block}\n")
        else:
            formatter.write_text(block)


def exits() -> list[tuple[str, str]]:
    """Each exit status and what it means."""
    return [(str(status), meaning) for status, meaning in EXITS.items()]


def environment() -> list[tuple[str, str]]:
    """Each variable and what it sets."""
    own = [(setting.env, setting.help) for setting in SETTINGS if setting.env]
    return [*own, *_VARIABLES]


_TABLES = {"{exits}": exits, "{environment}": environment}


def _text(topic: str) -> str:
    from importlib import resources

    return (resources.files("synq_cli.help_topics") / f"{topic}.txt").read_text(encoding="utf-8")
