"""What the person at the terminal sees of a run: steps with their time, a table at the end. Plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status
from rich.table import Table


class Step:
    """One step under way; `now` says how far it is."""

    def __init__(self, title: str, status: Status | None) -> None:
        self.title = title
        self.detail = ""
        self._status = status

    def now(self, detail: str) -> None:
        """Show how far it is; the last one stays on the screen."""
        self.detail = detail
        if self._status is not None:
            self._status.update(f"{self.title}: {detail}")


class Screen:
    """Prints to the terminal, or to stderr when stdout carries a program's answer."""

    def __init__(self, *, stderr: bool = False) -> None:
        self.console = Console(stderr=stderr, highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """One line."""
        self.console.print(text, markup=False)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """A step: moving while it lasts on a terminal, and one line with its time when it has ended."""
        begun = time.monotonic()
        if self.console.is_terminal:
            with self.console.status(title) as status:
                step = Step(title, status)
                yield step
        else:
            step = Step(title, None)
            yield step
        tail = f": {step.detail}" if step.detail else ""
        self.console.print(f"  {title}{tail}  ({time.monotonic() - begun:.1f} s)", markup=False)

    def table(self, title: str, rows: Iterable[tuple[str, str]]) -> None:
        """Two columns under a title."""
        made = Table(title=title, show_header=False, title_justify="left", title_style="bold")
        made.add_column(no_wrap=True)
        made.add_column(overflow="fold")
        for name, value in rows:
            made.add_row(name, value)
        self.console.print(made)
