"""The manifests in docs/fleet.md: valid YAML with the fields that matter, whose jobs send each part of a file once."""

import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from documented import ROOT, blocks

FLEET = ROOT / "docs" / "fleet.md"
PARTS = ["1/4", "2/4", "3/4", "4/4"]


def manifests() -> list[Any]:
    found = blocks(FLEET.read_text(encoding="utf-8"))
    return [yaml.safe_load("\n".join(lines)) for language, _, lines in found if language == "yaml"]


def shards(script: str, folder: Path, **variables: object) -> list[str]:
    """The --shard of each command of a script, which a shell runs with a synq that only prints its arguments."""
    synq = folder / "synq"
    synq.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    synq.chmod(0o700)
    environ = {"PATH": f"{folder}:/usr/bin:/bin"} | {name: str(value) for name, value in variables.items()}
    done = subprocess.run(["sh", "-ec", script], env=environ, capture_output=True, text=True, check=True, timeout=30)
    words = done.stdout.splitlines()
    assert "$SYNQ_TEAM_STORE" in words or "config" not in words  # the name of the variable, not what it holds
    return [following for word, following in pairwise(words) if word == "--shard"]


def test_each_job_of_the_matrix_sends_a_part(tmp_path: Path) -> None:
    workflow = next(each for each in manifests() if "jobs" in each)
    assert True in workflow or "on" in workflow  # YAML 1.1 reads `on` as a boolean
    (job,) = workflow["jobs"].values()
    assert job["runs-on"]
    assert job["strategy"]["fail-fast"] is False
    assert job["env"]["SHARD"] == "${{ matrix.shard }}"
    assert all(job["env"][name] == f"${{{{ secrets.{name} }}}}" for name in ("SYNQ_TOKEN", "SYNQ_TEAM_STORE"))
    steps = job["steps"]
    assert all(("uses" in step) != ("run" in step) for step in steps)
    script = "\n".join(step["run"] for step in steps if step.get("run", "").startswith("synq"))
    numbers = job["strategy"]["matrix"]["shard"]
    assert [shard for number in numbers for shard in shards(script, tmp_path, SHARD=number)] == PARTS


def test_each_pod_of_the_indexed_job_sends_a_part(tmp_path: Path) -> None:
    job = next(each for each in manifests() if each.get("kind") == "Job")
    spec = job["spec"]
    assert (job["apiVersion"], job["metadata"]["name"]) == ("batch/v1", "titles")
    assert (spec["completionMode"], spec["completions"], spec["backoffLimit"]) == ("Indexed", 4, 0)
    assert 1 <= spec["parallelism"] <= spec["completions"]
    pod = spec["template"]["spec"]
    assert pod["restartPolicy"] == "Never"
    (container,) = pod["containers"]
    assert container["workingDir"] == container["volumeMounts"][0]["mountPath"]
    assert container["command"] == ["sh", "-ec"]
    assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in pod["volumes"]}
    assert container["envFrom"] == [{"secretRef": {"name": "synq"}}]
    (script,) = container["args"]
    found = [shards(script, tmp_path, JOB_COMPLETION_INDEX=index) for index in range(spec["completions"])]
    assert [shard for each in found for shard in each] == PARTS
