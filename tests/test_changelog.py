"""The changelog keeps the form of Keep a Changelog."""

import re
from pathlib import Path

TEXT = (Path(__file__).parent.parent / "CHANGELOG.md").read_text(encoding="utf-8")
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def test_versions_with_their_dates_the_latest_first() -> None:
    first, *released = re.findall(r"^## (.*)$", TEXT, re.MULTILINE)
    assert first == "[Unreleased]"
    found = [re.fullmatch(r"\[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d\d-\d\d)", heading) for heading in released]
    assert None not in found
    versions = [(tuple(map(int, match.groups()[:3])), match[4]) for match in found if match]
    assert versions == sorted(versions, reverse=True)


def test_each_version_has_each_kind_of_change_once_and_in_order() -> None:
    for version in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        kinds = re.findall(r"^### (.*)$", version, re.MULTILINE)
        assert kinds == [kind for kind in KINDS if kind in kinds]
        assert all(line.startswith(("- ", "  ", "#", "[")) for line in version.splitlines()[1:] if line)
