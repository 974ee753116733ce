"""What an API process has loaded is no longer walked through by the garbage collector."""

from __future__ import annotations

import os
import subprocess
import sys

CREATED = """
import gc
from fulfilhub.app import create
create()
print(gc.get_freeze_count(), len(gc.get_objects()))
"""


def test_an_api_process_keeps_what_it_loaded_out_of_the_collectors_way() -> None:
    env = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "FULFILHUB_SECRET_KEYS": "s" * 32,
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    told = subprocess.run([sys.executable, "-c", CREATED], env=env, capture_output=True, text=True, check=True)
    kept, walked_through = map(int, told.stdout.split())
    assert kept > 100_000
    assert walked_through < 1_000
