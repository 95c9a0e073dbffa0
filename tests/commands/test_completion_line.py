"""`synq completion`: the scripts printed, installed where each shell looks, and taken back."""

from pathlib import Path
from typing import Any

import pytest
from runner import Result

SCRIPTS = Path(__file__).parents[2] / "completions"
FILES = {"bash": "synq.bash", "zsh": "_synq", "fish": "synq.fish", "powershell": "synq.ps1"}
PROFILE = ".config/powershell/Microsoft.PowerShell_profile.ps1"
# Where each script goes, the start-up file that is changed, if one is, and how an open shell gets it.
PLACES = {
    "bash": (".local/share/bash-completion/completions/synq", ".bashrc", "source {script}"),
    "zsh": (".local/share/zsh/site-functions/_synq", ".zshrc", "source {start}"),
    "fish": (".config/fish/completions/synq.fish", None, "source {script}"),
    "powershell": (PROFILE.replace("Microsoft.PowerShell_profile", "synq"), PROFILE, ". '{script}'"),
}
BLOCK = (
    "# >>> synq completion; `synq completion uninstall bash` takes these lines back >>>\n"
    '[ -z "${{BASH_VERSION-}}" ] || [ ! -r {script} ] || . {script}\n'
    "# <<< synq completion <<<\n"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with nothing in it; what synq keeps for itself lies elsewhere."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def completion(synq: Any, home: Path) -> Any:
    def run(*words: str, environ: dict[str, str] | None = None, **streams: Any) -> Result:
        result: Result = synq("completion", *words, environ={"HOME": str(home), **(environ or {})}, **streams)
        return result

    return run


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode("latin-1")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("shell", FILES)
def test_a_script_is_printed_as_it_is(completion: Any, shell: str) -> None:
    text = (SCRIPTS / FILES[shell]).read_text(encoding="utf-8")
    assert completion(shell) == Result(0, text, "")
    assert completion(shell, terminal=True).out == text


@pytest.mark.parametrize("shell", FILES)
def test_install_is_idempotent_and_uninstall_restores_every_file(completion: Any, home: Path, shell: str) -> None:
    script, start, how = PLACES[shell]
    named = {"script": home / script, "start": home / (start or "")}
    intro = f"Installed completion for {shell}. It works in new shells; to load it in this one, run:"
    done = f"{intro}\n{how.format(**named)}\n"
    assert completion("install", shell, "--yes") == Result(0, "", done)
    made = files(home)
    assert list(made) == sorted(filter(None, (script, start)))
    assert made[script] == (SCRIPTS / FILES[shell]).read_text(encoding="utf-8")
    assert start is None or f"synq completion uninstall {shell}" in made[start]
    again = completion("install", shell)
    assert again == Result(0, "", f"Completion for {shell} is up to date: {home / script}\n")
    assert files(home) == made
    assert completion("uninstall", shell, "--yes") == Result(
        0, "", f"Removed completion for {shell} from new shells.\n"
    )
    assert list(home.iterdir()) == []
    assert completion("uninstall", shell) == Result(0, "", f"Completion for {shell} is not installed.\n")


@pytest.mark.parametrize(
    "text", ["", "alias ll='ls -l'\n", "no line break at the end", "two\r\nlines\r\n", "caf\xe9\n"]
)
def test_a_start_up_file_is_left_as_it_was(completion: Any, home: Path, text: str) -> None:
    start = home / ".bashrc"
    start.write_bytes(text.encode("latin-1"))
    start.chmod(0o640)
    assert completion("install", "bash", "--yes").status == 0
    block = BLOCK.format(script=home / PLACES["bash"][0])
    assert start.read_bytes() == f"{text}\n{block}".encode("latin-1")
    with start.open("ab") as file:
        file.write(b"# added later\n")
    assert completion("install", "bash").err.startswith("Completion for bash is up to date")
    assert completion("uninstall", "bash", "--yes").status == 0
    assert start.read_bytes() == f"{text}# added later\n".encode("latin-1")
    assert start.stat().st_mode & 0o777 == 0o640


def test_an_older_installation_is_brought_up_to_date(completion: Any, home: Path) -> None:
    script, start = home / PLACES["zsh"][0], home / ".zshrc"
    assert completion("install", "zsh", "--yes").status == 0
    new = files(home)
    script.write_text("#compdef synq\n# Completion of synq 0.0.1 for zsh.\n", encoding="utf-8")
    start.write_text(
        new[".zshrc"].replace("autoload -Uz _synq", "autoload _synq") + "setopt autocd\n", encoding="utf-8"
    )
    assert completion("install", "zsh", "--yes").status == 0
    assert files(home) == {**new, ".zshrc": "setopt autocd\n\n" + new[".zshrc"]}


def test_lines_alone_are_replaced_and_lines_without_an_end_are_left(completion: Any, home: Path) -> None:
    assert completion("install", "zsh", "--yes").status == 0
    new = files(home)[".zshrc"]
    (home / ".zshrc").write_text(new.replace("autoload -Uz _synq", "autoload _synq"), encoding="utf-8")
    assert completion("install", "zsh", "--yes").status == 0
    assert files(home)[".zshrc"] == new
    broken = new.replace("# <<< synq completion <<<\n", "setopt autocd\n")
    (home / ".zshrc").write_text(broken, encoding="utf-8")
    assert completion("uninstall", "zsh", "--yes").status == 0
    assert files(home) == {".zshrc": broken}


def test_a_start_up_file_that_is_a_link_stays_one(completion: Any, home: Path, tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles"
    kept.mkdir()
    (kept / "zshrc").write_text("setopt autocd\n", encoding="utf-8")
    (home / "zsh").mkdir()
    (home / "zsh/.zshrc").symlink_to(kept / "zshrc")
    environ = {"ZDOTDIR": str(home / "zsh"), "XDG_DATA_HOME": str(home / "data files")}
    assert completion("install", "zsh", "--yes", environ=environ).status == 0
    assert (home / "zsh/.zshrc").is_symlink()
    text = (kept / "zshrc").read_text(encoding="utf-8")
    assert f"fpath=('{home}/data files/zsh/site-functions' $fpath)\n" in text
    assert completion("uninstall", "zsh", "--yes", environ=environ).status == 0
    assert (home / "zsh/.zshrc").is_symlink()
    assert files(kept) == {"zshrc": "setopt autocd\n"}


def test_it_says_what_it_will_change_and_asks(completion: Any, home: Path) -> None:
    (home / ".bashrc").touch()
    environ = {"SHELL": "/usr/local/bin/bash"}
    question = f"Write {home}/{PLACES['bash'][0]} and change {home}/.bashrc?"
    refused = completion("install", environ=environ)
    assert (refused.status, refused.out) == (11, "")
    assert refused.err == (
        f"synq: Can't ask for confirmation without a terminal: {question}\n  Add --yes to skip this prompt.\n"
    )
    assert completion("install", environ=environ, terminal=True, stdin="n\n").status == 11
    assert list(files(home)) == [".bashrc"]
    asked = completion("install", environ=environ | {"COLUMNS": "400"}, terminal=True, stdin="y\n")
    assert (asked.status, asked.err.splitlines()[0][: len(question)]) == (0, question)
    question = f"Remove {home}/{PLACES['bash'][0]} and change {home}/.bashrc?"
    assert question in completion("uninstall", environ=environ, terminal=True, stdin="n\n").err.replace("\n", " ")


@pytest.mark.parametrize(
    ("words", "environ", "said"),
    [
        (
            [],
            {"SHELL": "/bin/csh"},
            "synq does not support completion in csh.\n  Use one of bash, zsh, fish, powershell.\n",
        ),
        ([], {}, "The variable SHELL is not set.\n  Use one of bash, zsh, fish, powershell.\n"),
        (["zsh"], {"HOME": ""}, "The variable HOME is not set.\n"),
    ],
)
def test_where_it_can_not_be_installed(completion: Any, words: list[str], environ: dict[str, str], said: str) -> None:
    for verb in ("install", "uninstall"):
        assert completion(verb, *words, environ=environ) == Result(2, "", f"synq: {said}")


def test_a_shell_without_completion_is_a_wrong_argument(completion: Any) -> None:
    said = (
        'synq: Invalid value "csh" for SHELL: use bash, zsh, fish, powershell or pwsh.\n'
        "  Did you mean zsh? See `synq completion install --help`.\n"
    )
    assert completion("install", "csh") == Result(2, "", said)


def test_a_folder_in_the_way(completion: Any, home: Path) -> None:
    (home / ".config").touch()
    result = completion("install", "fish", "--yes")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"synq: {home}/.config/fish/")
    assert result.err.count("\n") == 1
