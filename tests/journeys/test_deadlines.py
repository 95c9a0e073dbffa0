"""`--timeout` ends the installed program whatever stalls, and it says truthfully whether the request was sent."""

from pathlib import Path

import pytest
from stalled import CASES, Case, UnavailableError

TIMEOUT = 1.0
# No exchange may take this long, even on a busy machine; a run that does is killed, so that it can't hold the suite.
LIMIT = 15.0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_stalled_exchange_times_out(case: Case, tmp_path: Path) -> None:
    try:
        outcome = case.run(tmp_path, timeout=TIMEOUT, limit=LIMIT)
    except UnavailableError as error:
        pytest.skip(str(error))
    assert outcome.status is not None, f"killed after {outcome.seconds:.1f} s"
    assert (outcome.status, outcome.code) == (case.status, case.code), outcome.message
    assert outcome.arrived == case.arrives
    assert outcome.seconds >= TIMEOUT, f"ended early: {outcome.message}"
    claims_it_was_sent = "was sent" in outcome.message and "may have been applied" in outcome.message
    assert claims_it_was_sent == (case.code == "unknown"), outcome.message
