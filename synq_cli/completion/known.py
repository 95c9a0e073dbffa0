"""`synq __complete`: values that only this machine has, from its profiles, runs and local cache."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from synq_cli.session.profiles import Config, find_project, load
from synq_cli.session.settings import DEFAULT_BASE_URL, SANDBOX, resolve
from synq_cli.session.tokens.credentials import likely_scope
from synq_cli.state.cache import Cache
from synq_cli.state.folders import config_dir, state_dir

# The kinds in the cache that complete a kind of value, if it is not one of them itself.
_INDEXED = {"item": ("sku",), "product-or-sku": ("product", "sku")}


def answer(words: list[str], environ: Mapping[str, str], folder: Callable[[], Path]) -> None:
    """Answer KIND PREFIX -- LINE...: prints a candidate and its description per line, and nothing on an error."""
    with suppress(Exception):
        # PowerShell before 7.3 drops empty arguments.
        cut = words.index("--")
        (kind, prefix), line = [*words[:cut], ""][:2], words[cut + 1 :]
        for value, about in candidates(kind, prefix, line, environ, folder):
            if value.isprintable():
                with suppress(UnicodeEncodeError):  # the shell's encoding can't show it, and nobody could type it
                    sys.stdout.write(f"{value}\t{about}\n")
        sys.stdout.flush()


def candidates(
    kind: str, prefix: str, line: list[str], environ: Mapping[str, str], folder: Callable[[], Path]
) -> Iterator[tuple[str, str]]:
    """Values of a kind with this prefix, ignoring case, each with its description; `line` chooses the tenant.

    Sends, creates and changes nothing, and reads no secret. May raise any error of a damaged file.
    """
    cache = Cache(lambda: state_dir(environ), read_only=True)
    config = load(config_dir(environ) / "config.yaml", cache)
    if kind == "profile":
        yield from ((name, about) for name, about in _profiles(config) if name.lower().startswith(prefix.lower()))
    elif kind == "run":
        from synq_cli.bulk import SUFFIX

        names = sorted(path.stem for path in (state_dir(environ) / "runs").glob(f"*{SUFFIX}"))
        yield from ((name, "") for name in reversed(names) if name.startswith(prefix.lower()))
    else:
        from synq_cli.state.id_cache import known_names

        settings = resolve(_given(line), environ, config, lambda: find_project(folder, cache))
        scope = likely_scope(settings, environ, cache)
        after = "=" if kind == "item" else ""
        path = state_dir(environ) / "index.sqlite3"
        kinds = _INDEXED.get(kind, (kind,))
        found = (row for each in kinds for row in known_names(path, scope, each, prefix))
        for name, identifier, seen_at in found:
            about = f"seen {datetime.fromtimestamp(seen_at, UTC):%Y-%m-%d}" if name == identifier else identifier
            yield name + after, about
        if "sku" in kinds and prefix.isdigit():
            skus = {identifier: sku for sku, identifier, _ in known_names(path, scope, "sku", "")}
            for name, identifier, _ in known_names(path, scope, "barcode", prefix):
                yield name + after, skus.get(identifier, identifier)


def _profiles(config: Config) -> Iterator[tuple[str, str]]:
    """Every profile, with its host and environment."""
    for name, settings in config.profiles.items():
        if name != SANDBOX:
            address = str(settings.get("base_url") or DEFAULT_BASE_URL).rpartition("://")[2]
            yield name, ", ".join(filter(None, (address, str(settings.get("environment") or ""))))
    yield SANDBOX, "the embedded sandbox"


def _given(line: list[str]) -> dict[str, Any]:
    """The options of an incomplete command line that choose the tenant; the last one counts."""
    names = {"-p": "profile", "--profile": "profile", "--base-url": "base_url"}
    given: dict[str, Any] = {}
    for word, following in zip(line, [*line[1:], ""], strict=True):
        option, equals, value = word.partition("=")
        if word == "--sandbox":
            given["sandbox"] = True
        elif word in names:
            given[names[word]] = following
        elif equals and option in names and option.startswith("--"):
            given[names[option]] = value
        elif word.startswith("-p") and len(word) > 2:
            given["profile"] = word[2:]
    return given
