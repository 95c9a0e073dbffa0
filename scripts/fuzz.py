"""Fuzz every parser with atheris: nothing may be raised but synq's own errors, and what is written is read back.

`make fuzz` gives each parser a process of its own. Inputs that reach new branches are kept in .cache/fuzz/corpus and
tried first the next time. An input that ends in another exception is written to .cache/fuzz/found, and the exit status
is 1.
"""

import argparse
import io
import re
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from synq_cli.errors import SynqError

FOLDER = Path(__file__).parent.parent / ".cache" / "fuzz"
TOO_SLOW = 20  # seconds for one input
LONGEST = 4_096  # bytes of an input
NOW = 1_795_521_600.0
INSTRUMENTED = [
    "synq_cli",
    "yaml",
    "csv",
    "json",
    "email",
    "urllib",
    "ipaddress",
    "email_validator",
    "rfc3986_validator",
]


def rows(take: Any) -> None:
    from synq_cli.bulk.verbs import adjust_stock, import_products
    from synq_cli.resources.inventory.sku_file import read_skus
    from synq_cli.rows import RowReader, copy_as_utf8, read_rows

    columns = take.PickValueInList([adjust_stock.COLUMNS, import_products.COLUMNS, None])
    name = take.PickValueInList(["a.csv", "a.ndjson", "a.yaml", "a.json", "standard input"])
    data = take.ConsumeBytes(LONGEST)
    with suppress(SynqError, UnicodeDecodeError):  # the second of UTF-16 that is none
        copy_as_utf8(io.BytesIO(data), file := io.BytesIO())
        reader = RowReader(columns, name)
        file.seek(0)
        for record in reader.records(file, reader.layout(file)):
            assert record.problem or record.fields is not None
            assert isinstance(record.source, str)
            if columns is import_products.COLUMNS and not import_products._problem_with(record):
                import_products._json_of(record)
    text = read_rows("-", io.TextIOWrapper(io.BytesIO(data)))
    with suppress(SynqError):
        read_skus(text, name)
    for record in RowReader(adjust_stock.COLUMNS, name).read(text):
        if not record.problem:
            with suppress(SynqError):
                adjust_stock.check_row(record.fields)


def documents(take: Any) -> None:
    from synq_cli.documents import holds_many, read_document, read_text
    from synq_cli.resources.orders.checks import check_order
    from synq_cli.resources.orders.placing import merge_order
    from synq_cli.resources.products.bulk_jobs import product_problems

    name = take.PickValueInList(["order.json", "order.yaml", "-"])
    text = read_text("-", io.TextIOWrapper(io.BytesIO(take.ConsumeBytes(LONGEST))))
    holds_many(text, name)
    document = read_document(text, name)
    for job in ("import", "update"):
        list(product_problems(document, job))
    check_order(merge_order(document, {}), name)


def exact(take: Any) -> None:
    from synq_cli import exact_json, exact_yaml

    text = take.ConsumeUnicode(LONGEST)
    with suppress(ValueError, RecursionError):
        value = exact_json.loads(text)
        assert exact_json.loads(exact_json.dumps(value)) == value
        assert exact_json.loads(exact_json.dumps(value, indented=True)) == value
        if not isinstance(value, str | list | dict) or not re.search("[\ud800-\udfff]", exact_json.dumps(value)):
            written = exact_yaml.dumps(value)
            assert written.encode("utf-8", "surrogatepass")
    with suppress(exact_yaml.InvalidYamlError):
        exact_yaml.loads(text)


def profiles(take: Any) -> None:
    from synq_cli.session import profiles, settings
    from synq_cli.session.tokens.stores import TokenStore
    from synq_cli.state.cache import Cache

    with TemporaryDirectory() as folder:
        cache = Cache(lambda: Path(folder))
        file = Path(folder, take.PickValueInList(["config.yaml", ".synq.yaml", "credentials.json", "memory.json"]))
        file.write_bytes(take.ConsumeBytes(LONGEST))
        profiles.find_project(lambda: Path(folder), cache)
        config = profiles.load(Path(folder, "config.yaml"), cache)
        for profile in ("default", *list(config.profiles)[:3]):
            with suppress(SynqError):
                profiles.token_store(config, profile)
            with suppress(SynqError):
                settings.describe(settings.resolve({"profile": profile}, {}, config))
        TokenStore(Path(folder), cache=cache, lock_folder=lambda: Path(folder), note=print).read("default", "file")


def typed_settings(take: Any) -> None:
    from synq_cli.session import settings

    setting = take.PickValueInList([each for each in settings.SETTINGS if each.in_profile])
    value = settings.parse_setting(setting.name, take.ConsumeUnicode(300))
    if isinstance(value, str):
        assert settings.parse_setting(setting.name, value) == value


def claims(take: Any) -> None:
    import base64

    from synq_cli.session.profiles import Config
    from synq_cli.session.settings import resolve
    from synq_cli.session.tokens.credentials import check_token
    from synq_cli.times import timestamp

    payload = take.ConsumeBytes(LONGEST)
    encoded = base64.urlsafe_b64encode(payload).decode().rstrip("=")
    whole = take.ConsumeBool()
    token = payload.decode("utf-8", "replace") if whole else f"e30.{encoded}.c2ln"
    credentials = check_token(token, "SYNQ_TOKEN", resolve({}, {}, Config(Path("config.yaml"))))
    for name, value in credentials.headers.items():
        assert f"{name}{value}".isascii()
        assert value.isprintable()
    if credentials.expires_at is not None:
        timestamp(credentials.expires_at)


def headers(take: Any) -> None:
    from synq_cli.http import retry
    from synq_cli.http.exchange import Reply

    names = ("retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "content-type", "location", "x-request-id")
    reply = Reply(take.ConsumeIntInRange(100, 999), {take.PickValueInList(list(names)): take.ConsumeUnicode(100)}, b"")
    asked = retry.retry_after(reply.headers, NOW)
    assert asked is None or 0 <= asked <= 86_400
    _ = (reply.limit, reply.remaining, reply.is_html, reply.status_line, reply.request_id)


def replies(take: Any) -> None:
    from synq_cli.http import operations, replies
    from synq_cli.http.exchange import Reply
    from synq_cli.resources.request import _answer
    from synq_cli.resources.shared.resource import find_row, has_values, rows_of, sorted_rows

    operation = take.PickValueInList(list(operations.ALL))
    status = take.PickValueInList([200, 201, 204, 302, 400, 401, 404, 405, 408, 409, 429, 500, 503, 599, 999])
    reply = Reply(
        status,
        {"content-type": take.PickValueInList(["application/json", "text/html", ""])},
        take.ConsumeBytes(LONGEST),
    )
    if status >= 300:
        replies.is_missing_route(reply, operation)
        replies.is_gone(reply, operation)
        error = replies.failure(reply, operation, "x")
        assert error.message
        assert error.exit_status not in (0, 1)
        return
    _answer(reply)
    found = rows_of(replies.parse(reply, operation), operation, "items")
    sorted_rows(found, "name", "title")
    for row in found:
        has_values(row, {"variant_id": "x", "sku": "y"})
    find_row(found, "86b4", "thing", "id", "name", see="x")


def shown(take: Any) -> None:
    """Any row on a terminal and in each machine format."""
    from synq_cli import exact_json
    from synq_cli.output import formats
    from synq_cli.output.columns import Column
    from synq_cli.output.display import Output

    try:
        rows = exact_json.loads(take.ConsumeUnicode(LONGEST))
    except (ValueError, RecursionError):
        return
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        rows = [{"id": rows}]
    kinds = [each for each in vars(formats).values() if isinstance(each, formats.Format)] + [formats.money("id")]
    keys = ["id", *list(rows[0] if rows else {})[:3]]
    columns = [Column(key, key, kind) for key in keys for kind in (kinds if key == "id" else kinds[:2])]
    for name in ("table", "json", "ndjson", "yaml", "csv", "tsv", "xlsx"):
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
        Output(out, io.StringIO(), environ={"COLUMNS": "40"}, now=lambda: NOW, format=name).rows(
            rows, columns, empty="None."
        )


def fields(take: Any) -> None:
    from synq_cli.resources.fields import as_object, as_query, read_fields

    words = take.ConsumeUnicode(400).split("\n")
    found = read_fields(words[::2], words[1::2], lambda path: path)
    with suppress(SynqError):
        as_query(found)
    as_object(found)


def paths(take: Any) -> None:
    from types import SimpleNamespace

    import httpx

    from synq_cli.resources.request import Requests

    api: Any = SimpleNamespace(session=SimpleNamespace(base_url="https://api.test"))
    words = take.ConsumeUnicode(400).split("\n")[:2]
    request = Requests(api).prepare(words, [], None)
    url = httpx.URL(f"https://api.test{request.operation.path}", params=request.query or None)
    assert url.host == "api.test"


def views(take: Any) -> None:
    from synq_cli.output.columns import Column
    from synq_cli.output.view_options import ViewOptions

    text = take.ConsumeUnicode(200)
    row = {"id": 1, "a": {"b": [1, {"c": 2}], "": 3}, "list": [{"d": 4}], "sku": "x"}
    for option in ("fields", "columns"):
        with suppress(SynqError):
            view = ViewOptions(terminal=True, format="table", **{option: text})
            view.notice([row])
            view.select(row)
            list(view.unknown_fields())
            view.columns([Column("ID", "id"), Column("SKU", "sku")])


# They may run for ever or fill the memory, as in any programming language.
_ENDLESS = re.compile(
    r"range|while|until|repeat|recurse|\.\.|def|limit|input|reduce|foreach|\*|combinations|pow|exp|splits|halt|debug|stderr|tojson|walk|env"
)


def jq(take: Any) -> None:
    from synq_cli.output.filter import Filter

    expression = take.ConsumeUnicode(60)
    if _ENDLESS.search(expression):
        return
    program = Filter(expression)
    for value in ([{"id": 1, "total": "19.90"}], {"orders": None}):
        with suppress(SynqError):
            list(islice(program.lines(value), 5))


def items(take: Any) -> None:
    from synq_cli.bulk.plan import parse_lines
    from synq_cli.resources.orders.lines import parse_line, parse_units
    from synq_cli.resources.orders.states import parse_statuses
    from synq_cli.resources.settings import parse_settings

    words = take.ConsumeUnicode(200).split("\n")
    for parse in (parse_units, parse_settings):
        with suppress(SynqError):
            parse(words)
    for word in words:
        for parse in (parse_line, parse_statuses, parse_lines):
            with suppress(SynqError):
                parse(word)


def values(take: Any) -> None:
    from synq_cli.resources.inventory.stock import parse_quantity
    from synq_cli.resources.shared import validation
    from synq_cli.uuids import parse_uuid

    text = take.ConsumeUnicode(200)
    parse_uuid(text)
    checks: list[Callable[[str], Any]] = [
        parse_quantity,
        validation.amount,
        validation.count,
        validation.currency,
        validation.email,
        validation.slug,
        validation.web_address,
        validation.is_currency,
        lambda text: validation.one_of(text, ["HARD", "SOFT"], "x"),
    ]
    for check in checks:
        with suppress(SynqError):
            check(text)


def times(take: Any) -> None:
    from synq_cli.cli.options import parse_since
    from synq_cli.output import formats
    from synq_cli.times import epoch, http_date, parse_time

    text = take.ConsumeUnicode(80)
    parse_time(text)
    epoch(text)
    http_date(text)
    for kind in (formats.age, formats.timestamp, formats.clock):
        kind.show(text, {}, NOW)
    parse_since(text, NOW)


def urls(take: Any) -> None:
    import httpx

    from synq_cli.session.network.base_url import check_base_url, check_token_url, host_of

    text = take.ConsumeUnicode(300)
    text = take.PickValueInList(["", "https://", "http://localhost"]) + text
    for check in (check_base_url, check_token_url):
        try:
            url = check(text)
        except ValueError:
            continue
        if check is check_base_url:
            assert check(url) == url
            assert httpx.Request("GET", url + "/api/v1/channels").url.netloc.decode().lower() == host_of(url), url
        else:
            httpx.Request("POST", url)


def proxies(take: Any) -> None:
    import httpx

    from synq_cli.session.network.proxies import find_proxy

    host = take.PickValueInList(
        ["https://api.synq.io", "https://127.0.0.1:8443", "https://[::1]", "https://xn--e1a.test"]
    )
    bypass, proxy = take.ConsumeUnicode(100), take.ConsumeUnicode(100)
    found = find_proxy(host, {"NO_PROXY": bypass, "HTTPS_PROXY": proxy})
    if found:
        with suppress(httpx.InvalidURL):  # the client's own error
            httpx.Proxy(found.url)


def envelopes(take: Any) -> None:
    from synq_cli.resources.webhooks import _url_problem, mismatch, sign

    secret, signature = take.ConsumeUnicode(40), take.ConsumeUnicode(80)
    _url_problem(take.ConsumeUnicode(100))
    body = take.ConsumeBytes(LONGEST)
    with suppress(UnicodeEncodeError):  # the command refuses such a secret
        secret.encode()
        assert mismatch(body, secret, sign(body, secret)) is None
        if signature.isascii():
            mismatch(body, secret, signature)


def command_lines(take: Any) -> None:
    """Words after `synq`, on a machine without a login and without a network."""
    from typer.testing import CliRunner

    from synq_cli.app import app
    from synq_cli.cli.system import System

    words = take.ConsumeUnicode(120).split("\n")
    if {"serve", "login", "completion", "doctor"} & set(words):
        return
    with TemporaryDirectory() as folder:
        environ = {"SYNQ_CONFIG_DIR": folder, "SYNQ_STATE_DIR": folder, "HOME": folder}
        done = CliRunner().invoke(app, words, obj=System(environ, folder=lambda: Path(folder)), catch_exceptions=False)
        assert done.exit_code != 1, done.stderr


TARGETS: Mapping[str, Callable[[Any], None]] = {
    each.__name__: each
    for each in (
        rows, documents, exact, profiles, typed_settings, claims, headers, replies, shown, fields, paths, views, jq,
        items, values, times, urls, proxies, envelopes, command_lines,
    )
}  # fmt: skip


def fuzz(name: str, seconds: float, corpus: Path) -> None:
    """Fuzz one parser in this process, which ends here."""
    import atheris

    seen: set[str] = set()

    def attempt(data: bytes) -> None:
        try:
            TARGETS[name](atheris.FuzzedDataProvider(data))
        except SynqError:
            pass
        except Exception as error:  # noqa: BLE001 whatever it is
            steps = traceback.extract_tb(error.__traceback__)
            ours = [step for step in steps if "synq_cli" in step.filename] or steps
            where = f"{name}-{type(error).__name__}-{Path(ours[-1].filename).stem}-{ours[-1].lineno}"
            if where not in seen:
                seen.add(where)
                (FOLDER / "found" / where).write_bytes(data)
                print(f"FOUND {where} {data!r}\n", *traceback.format_exception(error)[-6:], flush=True)

    options = {
        "max_total_time": f"{seconds:g}",
        "timeout": TOO_SLOW,
        "max_len": LONGEST,
        "rss_limit_mb": 2_048,
        "print_final_stats": 1,
        "artifact_prefix": f"{FOLDER / 'found' / name}-",
    }
    # What a function imports when it is first called is instrumented, too.
    with atheris.instrument_imports(include=INSTRUMENTED):
        line = [sys.argv[0], str(corpus), *(f"-{option}={value}" for option, value in options.items())]
        atheris.Setup(line, attempt)
        atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0, help="for each parser")
    parser.add_argument("--only", choices=TARGETS, help="one parser, in this process")
    parser.add_argument("names", nargs="*", help="these parsers")
    given = parser.parse_args()
    (FOLDER / "found").mkdir(parents=True, exist_ok=True)
    if given.only:
        corpus = FOLDER / "corpus" / given.only
        corpus.mkdir(parents=True, exist_ok=True)
        fuzz(given.only, given.seconds, corpus)
        return 0
    inputs, broken, started = 0, [], time.monotonic()
    for name in given.names or TARGETS:
        line = [sys.executable, __file__, "--only", name, "--seconds", f"{given.seconds:g}"]
        done = subprocess.run(line, capture_output=True, text=True, errors="replace", check=False)
        output = done.stdout + done.stderr
        tried = re.search(r"number_of_executed_units: (\d+)", output)
        inputs += int(tried[1]) if tried else 0
        found = output.count("FOUND ")
        print(f"{name:16} {int(tried[1]) if tried else 0:>10,} inputs  {found} found", flush=True)
        if found or done.returncode:
            broken.append(name)
            print(output[-6_000:], flush=True)
    print(f"{inputs:,} inputs in {(time.monotonic() - started) / 60:.1f} minutes; {len(broken)} parsers failed.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
