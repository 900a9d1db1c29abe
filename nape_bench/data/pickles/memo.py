"""The numbered values of a pickle: those that something may still refer to."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any

from nape_bench.data.pickles.values import measure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nape_bench.data.pickles.limits import Limits
    from nape_bench.data.pickles.references import References

UNREAD = object()
"""Stands in a run for a value that is not kept: the state of a record on its own."""

_TIDY = 256  # entries between two looks for what is not referred to any more


class Memo:
    """Values by number.

    Those of the entry being read are all there; of earlier entries, those that the file refers to
    later. A run of edges or nodes is taken apart only if one of its values is asked for.

    Args:
        references: What the file refers back to.
        limits: What it may ask for.

    Attributes:
        next: The number that the next value gets.
        numbered: Whether the file gives numbers itself (protocol 3).
    """

    def __init__(self, references: References, limits: Limits) -> None:
        self.next = 0
        self.numbered = False
        self._references, self._limits = references, limits
        self._first = 0
        self._own: dict[int, Any] = {}
        self._run_starts: list[int] = []
        self._runs: list[Callable[[], Sequence[Any]] | Sequence[Any]] = []
        self._kept: dict[int, tuple[Any, int]] = {}
        self._size = 0
        self._settled = 0

    def add(self, value: Any) -> None:
        """Give a value the next number."""
        self._own[self.next] = value
        self.next += 1

    def add_at(self, number: int, value: Any) -> None:
        """Give a value the number that the file says.

        Raises:
            ValueError: The number is not above all earlier ones.
        """
        if number < self.next:
            raise ValueError(f"a value gets number {number}, after one of number {self.next - 1}")
        self.next = number
        self.numbered = True
        self.add(value)

    def add_run(self, values: Callable[[], Sequence[Any]], count: int) -> None:
        """Give the next numbers to `count` values, which `values` returns if one is asked for."""
        self._run_starts.append(self.next)
        self._runs.append(values)
        self.next += count

    def get(self, number: int) -> Any:
        """Return a value.

        Raises:
            ValueError: There is none of that number.
        """
        if number in self._own:
            return self._own[number]
        if number in self._kept:
            return self._kept[number][0]
        value = self._in_run(number)
        if value is UNREAD:
            raise ValueError(f"there is no value of number {number} to refer to")
        return value

    def _in_run(self, number: int) -> Any:
        """Return a value of a run, which is taken apart then; `UNREAD` where there is none."""
        place = bisect_right(self._run_starts, number) - 1
        if place < 0:
            return UNREAD
        run = self._runs[place]
        if callable(run):
            run = self._runs[place] = run()
        at = number - self._run_starts[place]
        return run[at] if at < len(run) else UNREAD

    def since(self, number: int) -> tuple[Any, ...] | None:
        """Return the values from `number` on, None where a run is among them."""
        numbers = range(number, self.next)
        if all(n in self._own for n in numbers):
            return tuple(self._own[n] for n in numbers)
        return None

    def undo(self, number: int) -> None:
        """Go back to where an entry began, at `number`: it is read once more."""
        self.next = self._first = number
        self._own, self._run_starts, self._runs = {}, [], []

    def settle(self, position: int) -> None:
        """End an entry: forget its values, but for those that the file refers to further on.

        Args:
            position: Where in the file the entry ends.

        Raises:
            ValueError: There are more values to remember than the limits allow.
        """
        for number in self._references.wanted(self._first, self.next, position):
            try:
                value = self.get(number)
            except ValueError:  # it only looked as if something referred to that number
                continue
            size = measure(value, self._limits.depth, self._limits.objects)
            self._kept[number] = (value, size)
            self._size += size
            if self._size > self._limits.remembered:
                self._tidy(position)
        self.undo(self.next)
        self._settled += 1
        if self._settled % _TIDY == 0:
            self._tidy(position)

    def _tidy(self, position: int) -> None:
        """Forget what is not referred to behind a position."""
        end = max(self._kept, default=-1) + 1
        alive = self._references.wanted(0, end, position)
        self._kept = {n: self._kept[n] for n in alive if n in self._kept}
        self._size = sum(size for _, size in self._kept.values())
        if self._size > self._limits.remembered:
            raise ValueError(f"more than {self._limits.remembered:,} values are referred to later")
