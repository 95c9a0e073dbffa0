"""`--timeout` ends the installed program whatever stalls, and it says truthfully whether the request was sent.

`make deadlines` tries every case, many times, on a busy machine; here are one for each stage of an exchange.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stalled import CASES, Case, UnavailableError

TIMEOUT = 1.0
# No exchange may take this long, even on a busy machine; a run that does is killed, so that it can't hold the suite.
LIMIT = 15.0
STAGES = {
    "name server never answers",
    "SOCKS proxy stalls after its greeting",
    "no reply, write",
    "token endpoint drips its headers",
}


def check(case: Case, folder: Path) -> None:
    folder.mkdir()
    try:
        outcome = case.run(folder, timeout=TIMEOUT, limit=LIMIT)
    except UnavailableError:  # this machine allows no network namespaces
        return
    assert outcome.status is not None, f"{case.name}: killed after {outcome.seconds:.1f} s"
    assert (outcome.status, outcome.code) == (case.status, case.code), f"{case.name}: {outcome.message}"
    assert outcome.arrived == case.arrives, case.name
    assert outcome.seconds >= TIMEOUT, f"{case.name} ended early: {outcome.message}"
    claims_it_was_sent = "was sent" in outcome.message and "may have been applied" in outcome.message
    assert claims_it_was_sent == (case.code == "unknown"), f"{case.name}: {outcome.message}"


def test_stalled_exchanges_time_out(tmp_path: Path) -> None:
    cases = [case for case in CASES if case.name in STAGES]
    assert len(cases) == len(STAGES)
    with ThreadPoolExecutor(len(cases)) as pool:  # they wait, so all at once
        checks = [pool.submit(check, case, tmp_path / str(number)) for number, case in enumerate(cases)]
        for each in checks:
            each.result()
