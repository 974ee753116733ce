"""Short pauses: what a process loads once is not searched for garbage again and again."""

from __future__ import annotations

import gc

NEW_OBJECTS = 10_000
"""Containers made since the last look for garbage before the next one: about what a few requests make."""


def keep_what_is_loaded() -> None:
    """Call once a process is assembled and before it serves.

    The garbage collector stops the whole process while it walks through every object that lives. Modules, routes and
    tables are some 200,000 of them: a pause of a tenth of a second that each request under way then waits for.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, 20, 10)
