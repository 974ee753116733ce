"""State machines as tables: (state, verb) -> next state and who may. One table per machine, in a domain's `rules`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from fulfilhub.platform.errors import Conflict

S = TypeVar("S", bound=StrEnum)
V = TypeVar("V", bound=StrEnum)


class Who(StrEnum):
    """The audiences a transition may be open to."""

    MERCHANT = "merchant"
    PARTNER = "partner"
    CUSTOMER = "customer"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class To(Generic[S]):
    """Where a verb leads, and who may use it."""

    state: S
    who: frozenset[Who]


def to(state: S, *who: Who) -> To[S]:
    """Shorthand for a table's cell."""
    return To(state, frozenset(who))


@dataclass(frozen=True)
class Machine(Generic[S, V]):
    """A named table of transitions. States without a row are terminal."""

    noun: str
    table: Mapping[tuple[S, V], To[S]]

    def actions(self, state: S, who: Who) -> list[V]:
        """The verbs that are legal now for this audience, in the table's order."""
        return [v for (s, v), cell in self.table.items() if s == state and who in cell.who]

    def next(self, state: S, verb: V, who: Who) -> S:
        """The state that follows. Raises Conflict (code `illegal_action`) naming the legal verbs."""
        cell = self.table.get((state, verb))
        if cell is None or who not in cell.who:
            legal = [str(v) for v in self.actions(state, who)]
            can = f"It can: {', '.join(legal)}." if legal else "Nothing more can be done with it."
            raise Conflict(
                f"This {self.noun} is {state}; it cannot {verb}. {can}",
                code="illegal_action",
                more={"state": str(state), "actions": legal},
            )
        return cell.state

    def is_terminal(self, state: S) -> bool:
        """True when nothing leads out of the state."""
        return not any(s == state for s, _ in self.table)
