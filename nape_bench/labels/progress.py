"""Progress of a labelling run: one bar, and the time left over measurements of unlike cost."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from typing_extensions import Self

    from nape_bench.labels.jobs import Job, Kind

FORMAT = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} jobs, {elapsed} gone{postfix}"


class TimeLeft:
    """Estimates the time that jobs will take, from the mean of each measurement so far.

    Args:
        todo: Kind of each job that is to be done.
        before: Seconds that jobs of earlier runs took, by kind.
    """

    def __init__(self, todo: Iterable[Kind], before: Mapping[Kind, Iterable[float]]) -> None:
        self._todo = Counter(todo)
        self._before = {kind: list(seconds) for kind, seconds in before.items()}
        self._own: dict[Kind, list[float]] = defaultdict(list)
        self._at_once: dict[Kind, int] = {}

    def at_once(self, kinds: Iterable[Kind], number: int) -> None:
        """Take note of how many jobs of some kinds are done at a time; it is 1 before."""
        self._at_once.update(dict.fromkeys(kinds, number))

    def ended(self, kind: Kind, seconds: float | None) -> None:
        """Take note of a job; `seconds` is None if it tells nothing of what others will take."""
        self._todo[kind] -= 1
        if seconds is not None:
            self._own[kind].append(seconds)

    def seconds(self) -> tuple[float, bool]:
        """Return the seconds left, and whether kinds without any result yet are missing in it."""
        total, missing = 0.0, False
        for kind, number in self._todo.items():
            known = self._own.get(kind) or self._before.get(kind)
            if number > 0 and known:
                # Fewer jobs than workers take as long as one.
                rounds = max(1.0, number / self._at_once.get(kind, 1))
                total += rounds * sum(known) / len(known)
            elif number > 0:
                missing = True
        return total, missing


class Progress:
    """The bar, on standard error.

    Args:
        title: What stands before it.
        total: Jobs of the list.
        done: Those that are done already.
        left: The estimate of the time left.
        show: Whether to show it at all.
    """

    def __init__(self, title: str, total: int, done: int, left: TimeLeft, *, show: bool) -> None:
        from tqdm import tqdm

        self.left = left
        self._bar = tqdm(
            total=total, initial=done, desc=title, disable=not show, file=sys.stderr,
            bar_format=FORMAT, dynamic_ncols=True,
            mininterval=0.2 if sys.stderr.isatty() else 10.0,
        )  # fmt: skip

    def ended(self, job: Job, seconds: float | None) -> None:
        """Count a job; `seconds` is None if it tells nothing of what others will take."""
        self.left.ended(job.kind, seconds)
        self._bar.set_postfix_str(in_words(*self.left.seconds()), refresh=False)
        self._bar.update()

    def say(self, text: str) -> None:
        """Write a line above the bar, where progress is shown."""
        if not self._bar.disable:
            self._bar.write(text, file=sys.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()


def in_words(seconds: float, missing: bool) -> str:
    """Return a duration such as "about 1:20:05 left"; "over" where some is not known yet."""
    if missing and not seconds:
        return "time left not known yet"
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    clock = f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
    return f"{'over' if missing else 'about'} {clock} left"
