"""Builds sdist and wheel and checks them: contents, the wheel alone, the newest and the lowest allowed dependencies."""

import json
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
LOCK = ROOT / "constraints.txt"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# They use every dependency: rich, jq, yaml, xlsxwriter, calamine; keyring, filelock, platformdirs; falcon, waitress,
# PyJWT; typer, httpx; email-validator and rfc3986-validator.
TESTS = (
    "tests/output", "tests/session", "tests/http", "tests/sandbox/test_serve.py", "tests/sandbox/test_identity.py",
    "tests/commands/test_orders_line.py", "tests/commands/test_bulk_line.py", "tests/commands/test_catalogue_line.py",
    "tests/commands/test_organization_line.py", "tests/test_rows.py",
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
    """The bin folder of a new environment, with the locked pip."""
    folder = WORK / name
    venv.create(folder, clear=True, with_pip=True)
    install(folder / "bin", "--upgrade", "pip", "--constraint", LOCK)
    return folder / "bin"


def install(environment_bin: Path, *words: str | Path) -> None:
    """Install with pip, quietly."""
    run(environment_bin / "python", "-m", "pip", "install", "--quiet", *words)


def installed(environment_bin: Path) -> list[str]:
    """What is installed there besides synq, as lines such as `httpx==0.28.1`."""
    words = [environment_bin / "python", "-m", "pip", "freeze", "--exclude", "synq-cli"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()


def build() -> tuple[Path, Path]:
    """The sdist and the wheel."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", DIST, ROOT)  # with the locked hatchling
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
        {f"synq_cli/{name}" for name in ("py.typed", "resources/openapi.yaml", "resources/plan.schema.json")}
        <= set(names),
        "it contains the types, the contract and the schema of plans",
    )
    pages = {Path(name).name for name in names if "/share/man/man1/" in name}
    check(pages == {page.name for page in (ROOT / "man").iterdir()}, "it installs the manual pages")
    check(
        "License-Expression: MIT\n" in metadata and "\nKeywords: " in metadata,
        "its metadata has the license and keywords",
    )


def check_alone(wheel: Path) -> Path:
    """Check the wheel in an environment of its own, and return its bin folder: it has the newest dependencies."""
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
    status, out, err = synq("orders", "list", "-o", "xlsx")
    check((status, out) == (2, "") and "'synq-cli[excel]'" in err, "without the extra excel it names the extra")
    synq("config", "set", "team_store", "$HOME")
    status, out, err = synq("team", "status")
    check((status, out) == (2, "") and "'synq-cli[team]'" in err, "without the extra team it names the extra")
    install(bin_, f"{wheel}[sandbox,jq,excel,team]")
    status, out, _ = synq("--sandbox", "orders", "list", "--limit", "1", "--jq", ".[].status")
    check((status, out.count("\n")) == (0, 1), "with the extras it works")
    run(bin_ / "python", "-m", "pip", "check")
    return bin_


def check_newest(bin_: Path, source: Path) -> None:
    """Check the wheel, installed there, with the newest versions it allows."""
    needed = {line.partition("==")[0] for line in installed(bin_)}
    tools = [line for line in LOCK.read_text(encoding="utf-8").splitlines() if line.partition("==")[0] not in needed]
    constraints = WORK / "tools.txt"
    constraints.write_text("\n".join(tools), encoding="utf-8")
    install(bin_, "--group", f"{ROOT}/pyproject.toml:test", "--constraint", constraints)
    run_tests(bin_, source)


def check_lowest(wheel: Path, source: Path) -> None:
    """Check the wheel with the lowest versions it allows."""
    project = PROJECT["project"]
    wanted = project["dependencies"] + [each for extra in project["optional-dependencies"].values() for each in extra]
    constraints = WORK / "lowest.txt"
    lowest = [re.sub(r"(\[.*\])?>=([\d.]+).*", r"==\2\n", each) for each in wanted]
    constraints.write_text("".join(lowest), encoding="utf-8")
    bin_ = environment("lowest")
    test = f"{ROOT}/pyproject.toml:test"
    install(
        bin_,
        f"{wheel}[sandbox,jq,excel,team]",
        "--group",
        test,
        "--constraint",
        constraints,
        "--constraint",
        WORK / "tools.txt",
    )
    run_tests(bin_, source)


def unpacked(sdist: Path) -> Path:
    """The sdist, unpacked, without the package, so that its tests import the installed one."""
    source = WORK / "source"
    shutil.rmtree(source, ignore_errors=True)
    with tarfile.open(sdist) as archive:
        archive.extractall(source, filter="data")
    (folder,) = source.iterdir()
    shutil.rmtree(folder / "synq_cli")
    return folder


def run_tests(bin_: Path, source: Path) -> None:
    """Run the tests that use every dependency."""
    run(bin_ / "pytest", "-q", "-n", "auto", "--dist", "worksteal", *TESTS, folder=source)


def audit(*, optional: bool) -> None:
    """Look for known vulnerabilities in the newest that the wheel installs and in the locked versions.

    Asks a service of PyPI. Without an answer it exits with an error, or if `optional` says so and returns.
    """
    bin_ = environment("audit")
    install(bin_, f"{ROOT}[sandbox,jq,excel,team]", "--build-constraint", LOCK)
    newest = WORK / "audit.txt"
    newest.write_text("\n".join(installed(bin_)), encoding="utf-8")
    for requirements in (newest, LOCK):
        words = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--format", "json"]
        # Its summary on stderr says that no vulnerability was found even if the service did not answer.
        done = subprocess.run([*words, "--requirement", requirements], check=False, capture_output=True, text=True)
        found = json.loads(done.stdout)["dependencies"] if done.stdout else []
        if not any("vulns" in each for each in found):
            if not optional:
                sys.exit("Not audited: PyPI's vulnerability service did not answer.")
            print("Not audited: PyPI's vulnerability service did not answer.")
            return
        for each in found:
            for problem in each.get("vulns", [{"id": each.get("skip_reason")}]):
                print(each["name"], each.get("version", ""), problem["id"], *problem.get("fix_versions", []))
        check(all(each.get("vulns") == [] for each in found), f"no known vulnerability in {requirements.name}")


def main() -> None:
    if sys.argv[1:2] == ["audit"]:
        audit(optional=sys.argv[2:] == ["--optional"])
        return
    sdist, wheel = build()
    check_contents(sdist, wheel)
    source, newest = unpacked(sdist), check_alone(wheel)
    check_newest(newest, source)
    check_lowest(wheel, source)


if __name__ == "__main__":
    main()
