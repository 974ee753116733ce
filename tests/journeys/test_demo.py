"""`fulfilhub demo` as anybody runs it: the whole story on real processes, and its numbers counted from the database."""

from __future__ import annotations

import json
import subprocess
import sys


def test_the_whole_story_is_played_and_counted() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "fulfilhub.cli", "demo", "--json"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    told = json.loads(run.stdout.splitlines()[-1])
    assert told["orders_in"] == 43
    assert told["orders_found_by_sweep"] == 1
    assert told["orders_duplicate_ignored"] > 0
    assert told["orders_needing_review"] == 3
    # Each order that can be read is fulfilled; a rejection and a short pick each make one more fulfilment.
    readable = told["orders_in"] - told["orders_needing_review"]
    assert told["fulfilments"] > told["shipped"] >= readable
    assert told["claimed"] == told["fulfilments"]
    assert told["kits_shipped"] > 0
    assert 0 < told["delivered"] < told["shipped"]
    assert told["requests_accepted"] == 1
    assert told["returns_completed"] == 1
    assert told["charges"] == readable
    assert 0 < told["store_updates"] <= told["shipped"]
    assert told["stock_told"] > 0
    assert told["urls"]["docs"].startswith("http://127.0.0.1:")
