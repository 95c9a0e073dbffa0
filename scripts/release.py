"""Builds sdist and wheel and checks them: their contents, the wheel alone, the lowest supported dependencies."""

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
WORK = ROOT / ".cache/package"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# They use every dependency: rich, jq, yaml; keyring, filelock, platformdirs; falcon, waitress, PyJWT; typer, httpx.
TESTS = (
    "tests/output", "tests/session", "tests/http", "tests/sandbox/test_serve.py", "tests/sandbox/test_identity.py",
    "tests/commands/test_orders_line.py", "tests/commands/test_bulk_line.py",
)  # fmt: skip


def run(*words: str | Path, folder: Path = ROOT) -> None:
    """Run a program; exit if it fails."""
    done = subprocess.run([str(word) for word in words], cwd=folder, check=False)
    if done.returncode:
        sys.exit(f"{words[0]} failed with exit status {done.returncode}.")


def check(holds: object, what: str) -> None:
    """Print `what` if it holds, else exit with it."""
    if not holds:
        sys.exit(f"Failed: {what}")
    print(f"ok  {what}")


def environment(name: str) -> Path:
    """The bin folder of a new environment, with a pip that supports dependency groups."""
    folder = WORK / name
    venv.create(folder, clear=True, with_pip=True)
    install(folder / "bin", "--upgrade", "pip>=25.1")
    return folder / "bin"


def install(environment_bin: Path, *words: str) -> None:
    """Install with pip, quietly."""
    run(environment_bin / "python", "-m", "pip", "install", "--quiet", *words)


def build() -> tuple[Path, Path]:
    """The sdist and the wheel."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--outdir", DIST, ROOT)
    (sdist,), (wheel,) = DIST.glob("*.tar.gz"), DIST.glob("*.whl")
    run(sys.executable, "-m", "twine", "check", "--strict", sdist, wheel)
    return sdist, wheel


def check_contents(sdist: Path, wheel: Path) -> None:
    """Check that nothing is missing from what is published, and nothing else is in it."""
    with tarfile.open(sdist) as archive:
        files = {name.partition("/")[2] for name in archive.getnames()}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)
    check(
        files - {"PKG-INFO"} == set(listed.stdout.splitlines()),
        "the sdist contains every file of the repository and no other",
    )
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (archive.read(name).decode() for name in names if name.endswith(".dist-info/METADATA"))
    tops = {name.partition("/")[0] for name in names}
    check(
        {re.sub(r"-.*\.", ".", top) for top in tops} == {"synq_cli", "synq_cli.dist-info", "synq_cli.data"},
        "the wheel contains only the package",
    )
    check(
        {"synq_cli/py.typed", "synq_cli/resources/openapi.yaml"} <= set(names), "it contains the types and the contract"
    )
    pages = {Path(name).name for name in names if "/share/man/man1/" in name}
    check(pages == {page.name for page in (ROOT / "man").iterdir()}, "it installs the manual pages")
    check(
        "License-Expression: MIT\n" in metadata and "\nKeywords: " in metadata,
        "its metadata has the license and keywords",
    )


def check_alone(wheel: Path) -> None:
    """Check the wheel in an environment of its own."""
    bin_ = environment("alone")
    install(bin_, str(wheel))
    home = WORK / "home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()

    def synq(*words: str, as_module: bool = False) -> tuple[int, str, str]:
        start = [bin_ / "python", "-m", "synq_cli"] if as_module else [bin_ / "synq"]
        done = subprocess.run(
            [*start, *words], cwd=home, env={"HOME": str(home)}, check=False, capture_output=True, text=True, timeout=60
        )
        return done.returncode, done.stdout, done.stderr

    (version,) = re.findall(r'__version__ = "(.+)"', (ROOT / "synq_cli/__init__.py").read_text(encoding="utf-8"))
    check(wheel.name.startswith(f"synq_cli-{version}-"), "the wheel has the version of the package")
    check(synq("--version") == (0, f"synq {version}\n", ""), "synq --version")
    check(synq("--version", as_module=True) == (0, f"synq {version}\n", ""), "python -m synq_cli --version")
    status, out, err = synq("--help")
    check((status, out[:12], err) == (0, "Usage: synq ", ""), "synq --help")
    status, out, err = synq("orders", "--help", as_module=True)
    check((status, out[:18], err) == (0, "Usage: synq orders", ""), "python -m synq_cli names itself synq")
    status, out, err = synq("orders", "list")
    check(
        (status, out) == (4, "") and "synq auth login" in err and "SYNQ_TOKEN" in err,
        "without a login it says how to log in",
    )
    status, out, err = synq("--sandbox", "orders", "list")
    check((status, out) == (2, "") and "'synq-cli[sandbox]'" in err, "without the extra sandbox it names the extra")
    status, out, err = synq("schema", "--jq", ".version")
    check((status, out) == (2, "") and "'synq-cli[jq]'" in err, "without the extra jq it names the extra")
    install(bin_, f"{wheel}[sandbox,jq]")
    status, out, _ = synq("--sandbox", "orders", "list", "--limit", "1", "--jq", ".[].status")
    check((status, out.count("\n")) == (0, 1), "with both extras it works")
    run(bin_ / "python", "-m", "pip", "check")


def check_lowest(sdist: Path, wheel: Path) -> None:
    """Check the wheel with the lowest versions it allows, by tests from the sdist."""
    project = PROJECT["project"]
    wanted = project["dependencies"] + [each for extra in project["optional-dependencies"].values() for each in extra]
    constraints = WORK / "lowest.txt"
    lowest = [re.sub(r"(\[.*\])?>=([\d.]+).*", r"==\2\n", each) for each in wanted]
    constraints.write_text("".join(lowest), encoding="utf-8")
    bin_ = environment("lowest")
    install(bin_, f"{wheel}[sandbox,jq]", "--group", f"{ROOT}/pyproject.toml:test", "--constraint", str(constraints))
    source = WORK / "source"
    shutil.rmtree(source, ignore_errors=True)
    with tarfile.open(sdist) as archive:
        archive.extractall(source, filter="data")
    (folder,) = source.iterdir()
    shutil.rmtree(folder / "synq_cli")  # so that the tests import the installed package
    run(bin_ / "pytest", "-q", "-n", "4", "--dist", "worksteal", *TESTS, folder=folder)


def audit() -> None:
    """Look for known vulnerabilities in everything that the wheel installs; asks a service of PyPI."""
    bin_ = environment("audit")
    install(bin_, f"{ROOT}[sandbox,jq]")
    listed = subprocess.run(
        [bin_ / "python", "-m", "pip", "freeze", "--exclude", "synq-cli"], check=True, capture_output=True, text=True
    )
    requirements = WORK / "audit.txt"
    requirements.write_text(listed.stdout, encoding="utf-8")
    run(sys.executable, "-m", "pip_audit", "--strict", "--no-deps", "--disable-pip", "--requirement", requirements)


def main() -> None:
    if sys.argv[1:] == ["audit"]:
        audit()
        return
    sdist, wheel = build()
    check_contents(sdist, wheel)
    check_alone(wheel)
    check_lowest(sdist, wheel)


if __name__ == "__main__":
    main()
