"""The completion scripts: what they complete without starting synq, and that they cover the command tree."""

import re
import subprocess
from collections.abc import Callable

import pytest

from synq_cli.app import root_command
from synq_cli.cli import tree
from synq_cli.completion.grammar import Grammar, grammar
from synq_cli.completion.scripts import SCRIPTS, script

# Each line with what is offered for its last word, in bash, as whole words.
LINES = {
    "synq orders ": "list get create track brief report watch fulfill return cancel",
    "synq products attribute": "attributes attribute-groups",
    "synq --sandbox orders l": "list",
    "synq nothing ": "",
    "synq orders list --status open,ref": "open,refunded",
    "synq orders list --status=ref": "--status=refunded",
    "synq -p acme inventory adjust A -5 --dr": "--dry-run",
    "synq inventory adjust A -5 ": "",
    "synq orders get -- --": "",
    "synq sandbox token --role V": "VIEWER",
    "synq organization members set-role x e": "EDITOR",
    "synq organization members invite --role V": "VIEWER",
    "synq config get t": "tenant_id timeout token_command token_url team_store",
    "synq audit list --action ORDER_PLACED,order_c": "ORDER_PLACED,ORDER_CANCELLED",
    "synq webhooks send https://hooks.test --event order.": "order.created order.updated",
    "synq api p": "POST PUT PATCH",
    "synq api -": "-F --field -f --raw-field --input --paginate -i --include -y --yes --dry-run --plan --confirm",
    "synq sandbox fault add 50": "500 502 503 500-after",
    "synq sandbox fault limit --count-as c": "counter",
    "synq products push --action d": "delete",
    "synq products attributes create X --type n": "NUMBER",
    "synq products jobs list --type ": "import update delete",
    "synq settings set co": "costing_method=WAC costing_method=FIFO",
    "synq settings set costing_method=F": "costing_method=FIFO",
    "synq settings set costing_method=WAC auto_po_enabled=": "auto_po_enabled=true auto_po_enabled=false",
    "synq settings set default_low_stock_threshold=1": "",
    "synq inventory reservations --status re": "RELEASED",
    "synq integrations save --category a": "accounting",
    "synq runs show --rows f": "failed",
    "synq schema inventory skus ": "list add import forget",
    "synq schema --json inv": "inventory",
    "synq api --include g": "GET",
    "synq completion ": "bash zsh fish powershell install uninstall",
    "synq completion install f": "fish",
    "synq 'orders' \"list\" --output nd": "ndjson",
}
# COMP_WORDBREAKS is empty, so that whole words are offered; starting synq would be seen.
PROBE = """
set -u
COMP_WORDBREAKS=
command() { echo "asked: $*"; }
while IFS= read -r COMP_LINE; do
    COMP_POINT=${#COMP_LINE}
    _synq
    echo "${COMPREPLY[*]-}"
done
"""


@pytest.fixture(scope="module")
def known() -> Grammar:
    return grammar(root_command())


@pytest.fixture(scope="module")
def write() -> Callable[[str], str]:
    """The script of a shell."""
    written = {shell: script(shell, root_command()) for shell in SCRIPTS}
    return written.__getitem__


def test_bash_completes_from_its_tables(write: Callable[[str], str]) -> None:
    program = write("bash") + PROBE
    lines = "\n".join([*LINES, ""])
    done = subprocess.run(
        ["bash", "--norc", "-c", program], input=lines, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr == ""
    offered = dict(zip(LINES, done.stdout.split("\n"), strict=False))
    shared = " -p --profile --json -o --output"
    assert {line: words.partition(shared)[0] for line, words in offered.items()} == LINES


@pytest.mark.parametrize("shell", SCRIPTS)
def test_scripts_cover_every_command_and_option(write: Callable[[str], str], shell: str) -> None:
    text = write(shell)
    nodes = list(tree.walk(tree.root_node(root_command())))
    wanted = {" ".join(node.words) for node in nodes if node.is_group}
    wanted |= {name for node in nodes for each in node.command.get_params(node.context) for name in each.opts[:1]
               if each.param_type_name == "option" and not each.hidden}  # fmt: skip
    assert [words for words in wanted if words not in text] == []
    # Windows PowerShell and shells in the C locale read it too.
    assert text.isascii()
    assert re.search("@[A-Z]+@", text) is None
    assert re.search(r"[ \t]$", text, re.MULTILINE) is None


def test_scripts_ask_for_known_kinds_only(known: Grammar) -> None:
    asked = {value.removeprefix("ask ") for _, value in known.values if value.startswith("ask ")}
    assert asked == {
        "profile",
        "run",
        "sku",
        "item",
        "location",
        "order",
        "product",
        "product-or-sku",
        "job",
        "category",
        "brand",
    }


def test_an_option_with_several_meanings_depends_on_its_command(known: Grammar) -> None:
    values = {pattern: value for patterns, value in known.values for pattern in patterns}
    assert values["* --location"] == "ask location"
    assert "* --sku" not in values
    assert (values["inventory levels --sku"], values["products variants create --sku"]) == ("ask sku", "")
    assert (values["inventory adjust #1"], values["inventory skus forget #*"]) == ("ask sku", "ask sku")
    assert (values["inventory levels #*"], values["products get #1"]) == ("ask sku", "ask product-or-sku")


def test_powershell_has_the_same_tables(write: Callable[[str], str], known: Grammar) -> None:
    # No shell here runs it; what can be read in it is compared.
    text = write("powershell")
    rows = dict(re.findall(r"^        '([^']*)' \{ return '([^']*)' \}$", text, re.MULTILINE))
    assert rows == {pattern: value for patterns, value in known.values for pattern in patterns}
    groups = re.findall(r"^        '([^']*)' \{\n((?:            \".*\"\n)+)        \}$", text, re.MULTILINE)
    names = {path: re.findall(r'^ +"([^`]+)`t', body, re.MULTILINE) for path, body in groups}
    tables = [*known.below, *known.options]
    assert names == {path: [name for name, _ in entries] for path, entries in tables}
    plain = re.sub(r"'[^'\n]*'|\"(?:`.|[^\"`\n])*\"|#.*", "", text)
    assert [plain.count(left) for left in "({["] == [plain.count(right) for right in ")}]"]
