"""Where synq keeps its files."""

import os
import stat
import sys
from pathlib import Path

import pytest

from synq_cli.errors import UsageError
from synq_cli.state.cache import Cache
from synq_cli.state.database import private_file
from synq_cli.state.folders import config_dir, replace_file, sole_writer, state_dir


@pytest.mark.skipif(sys.platform != "linux", reason="the XDG Base Directory specification")
@pytest.mark.parametrize(
    ("named", "absolute"), [(None, False), ("", False), ("relative", False), ("/somewhere else", True)]
)
def test_linux_folders_follow_xdg_unless_the_path_is_relative(
    named: str | None, absolute: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
        if named is not None:
            monkeypatch.setenv(name, named)
    above = [Path(str(named))] * 2 if absolute else [Path.home() / ".config", Path.home() / ".local" / "state"]
    assert [config_dir({}), state_dir({})] == [folder / "synq" for folder in above]


def test_synq_variables_come_before_the_platforms_folders() -> None:
    environ = {"SYNQ_CONFIG_DIR": "here", "SYNQ_STATE_DIR": "there"}
    assert (config_dir(environ), state_dir(environ)) == (Path("here"), Path("there"))


@pytest.mark.skipif(sys.platform == "win32", reason="no home folder and no password database")
def test_an_unknown_home_folder_is_an_error_that_names_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    def unknown(_uid: int) -> None:
        raise KeyError

    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    with pytest.raises(UsageError) as caught:
        config_dir({})
    assert caught.value.message.startswith("The home folder is unknown: ")
    assert "SYNQ_CONFIG_DIR" in str(caught.value.hint)
    cache = Cache(lambda: state_dir({}))
    cache.set("yaml", "config.yaml", "text")  # it is best effort: the named folders must be enough
    assert cache.get("yaml", "config.yaml", "none") == "none"


@pytest.mark.skipif(sys.platform == "win32", reason="links, and a working folder that can be deleted")
def test_a_file_that_has_no_place_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UsageError, match="loop can't be written: "):
        replace_file(tmp_path / "loop", "text")
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(UsageError, match=r"^report\.csv can't be written: No such file or directory"):
        replace_file(Path("report.csv"), "text")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can give files away")
def test_root_leaves_files_to_the_owner_of_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    replace_file(path, "old")
    os.chown(path, 4242, 4243)
    replace_file(path, "new")
    os.chown(tmp_path, 4242, 4243)
    private_file(tmp_path / "index.sqlite3")
    for found in (path.stat(), (tmp_path / "index.sqlite3").stat()):
        assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (4242, 4243, 0o600)
    assert path.read_text() == "new"
    os.chown(path, 0, 0)
    private_file(path)  # only what it makes, not what a link may lead to
    assert path.stat().st_uid == 0


@pytest.mark.skipif(sys.platform == "win32", reason="file modes")
@pytest.mark.parametrize(("options", "expected"), [({}, 0o600), ({"mode": 0o664}, 0o664), ({"mode": None}, 0o640)])
def test_a_written_file_is_private_unless_a_mode_or_the_umask_decides(
    options: dict[str, int | None], expected: int, tmp_path: Path
) -> None:
    path = tmp_path / "report.json"
    before = os.umask(0o027)
    try:
        for text in ("old", "new"):
            replace_file(path, text, **options)
    finally:
        os.umask(before)
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("new", expected)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("linked", [False, True])
def test_what_killed_processes_left_half_written_is_deleted_with_the_next_change(tmp_path: Path, linked: bool) -> None:
    path, target = tmp_path / "config.yaml", tmp_path / ("dotfiles.yaml" if linked else "config.yaml")
    if linked:
        path.symlink_to(target.name)
    others = {tmp_path / f"{target.name}.mine.new", tmp_path / "other.yaml.12.new"}
    for file in (*others, tmp_path / f"{target.name}.12.new", tmp_path / f"{target.name}.345.new"):
        file.write_text("secret")
    with sole_writer(path):
        replace_file(path, "new")
    assert {*tmp_path.iterdir()} == others | {path, target, tmp_path / "config.lock"}
