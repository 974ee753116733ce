"""What goes wrong between the app and the shop, when a test says so or by chance."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """How a call goes wrong. The first six do nothing; the ..._AFTER do what was asked, and then fail to say so."""

    THROTTLED = "throttled"
    TOO_MANY = "too_many"
    """HTTP 429 with Retry-After."""
    FAIL = "fail"
    """HTTP 500 with a page."""
    BAD_GATEWAY = "bad_gateway"
    INTERNAL = "internal"
    """HTTP 200 with INTERNAL_SERVER_ERROR."""
    SILENT = "silent"
    """No answer, until the caller gives up."""
    FAIL_AFTER = "fail_after"
    SILENT_AFTER = "silent_after"


DOES_IT = {Fault.FAIL_AFTER, Fault.SILENT_AFTER}


@dataclass(slots=True)
class Faults:
    """`ahead`: of the next calls, in order, by operation (empty: any). `by_chance`: the share of all calls. `down`:
    every call is answered 503."""

    ahead: deque[tuple[str, Fault]] = field(default_factory=deque)
    by_chance: dict[Fault, float] = field(default_factory=dict)
    down: bool = False

    def next(self, fault: Fault, times: int = 1, *, operation: str = "") -> None:
        """Let the next `times` calls go wrong: all, or those of this operation's name."""
        self.ahead.extend([(operation, fault)] * times)

    def draw(self, operation: str, chance: random.Random) -> Fault | None:
        """What happens to this call; None is nothing."""
        for waiting in self.ahead:
            if waiting[0] in ("", operation):
                self.ahead.remove(waiting)
                return waiting[1]
        for fault, share in self.by_chance.items():
            if chance.random() < share:
                return fault
        return None
