"""What a measurement is, and the registry that the modules of this package fill.

A module defines a frozen dataclass, which is sent to other processes, and adds one of it:

    MEASURES.add("micro", Micro())

Modules import nothing heavy before they measure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from nape_bench.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nape_bench.graph import ArchGraph
    from nape_bench.spaces import Spec


class Measure(Protocol):
    """A measurement; it is sent to other processes, so it can be pickled.

    It may have an attribute `alone`: with True, nothing else is measured on the machine while it
    measures (`is_alone`). It may have methods:

    - `for_space(space) -> Measure` gives the measurement that is done for architectures of a space.
    - `run_spec(space, spec, seed)` measures an architecture, where its graph alone does not say
      enough; the rest is as for `run`.
    - `in_store(store, *, progress) -> Measure` gives the same, which may keep files of its own in
      the folder of a label store, and shows progress or not.
    - `disturbed(row) -> int` says how much of a result something disturbed, 0 if nothing did
      (`disturbed`).
    - `own_seconds(row) -> float | None` says what a job took by itself, where it may also have
      waited for what it shares with others (`own_seconds`).
    """

    @property
    def name(self) -> str:
        """What it is called ("micro")."""

    @property
    def version(self) -> str:
        """The name of its settings ("micro-1"); results of it are comparable within a space."""

    def check(self) -> None:
        """Make sure that the measurement can be run here.

        Raises:
            NapeError: Something is missing; the message says what to do.
        """

    def settings(self, space: str | None) -> dict[str, Any]:
        """Return as plain JSON all that results depend on.

        Args:
            space: Name of a space, or None for graphs that are given as they are.

        Raises:
            UnknownNameError: It has no settings for this space.
        """

    def build(self, space: str, spec: Spec) -> ArchGraph:
        """Return the graph that is measured: the default build, or one at the measure's scale."""

    def run(self, graph: ArchGraph, seed: int) -> dict[str, Any]:
        """Measure one graph.

        Args:
            graph: What `build` gave, or any graph.
            seed: 0 or more; sets whatever is random.

        Returns:
            Columns of the row to store, plain JSON (numbers finite or None). A result that failed
            has `error`, a reason. What is raised is such a reason too, but for `StoreError`,
            which ends the whole run: no other job could be done either.
        """


MEASURES: Registry[Measure] = Registry("measurement")
"""All measurements by name, once `nape_bench.labels.measures` is imported."""


def is_alone(measure: Measure) -> bool:
    """Return whether nothing else may be measured on the machine while it measures."""
    return bool(getattr(measure, "alone", False))


def for_space(measure: Measure, space: str) -> Measure:
    """Return a measurement as it is done for a space: its method `for_space`, if it has one."""
    fitted = getattr(measure, "for_space", None)
    return measure if fitted is None else fitted(space)


def in_store(measure: Measure, store: Path, *, progress: bool) -> Measure:
    """Return a measurement as it is done for a store: its method `in_store`, if it has one."""
    placed = getattr(measure, "in_store", None)
    return measure if placed is None else placed(store, progress=progress)


def disturbed(row: Mapping[str, Any]) -> int:
    """Return how much of a result was disturbed, so that it is worth measuring again; 0 if nothing.

    Readers of a store must know too: so it is the method `disturbed` of the measurement that is
    registered under the row's name, if there is one that has it.
    """
    name = row["measure"]
    count = getattr(MEASURES[name], "disturbed", None) if name in MEASURES else None
    return 0 if count is None or row["error"] is not None else count(row)


def own_seconds(measure: Measure, row: Mapping[str, Any]) -> float | None:
    """Return what a job took by itself: by the method `own_seconds`, or else all its time."""
    own = getattr(measure, "own_seconds", None)
    seconds: float | None = row.get("wall_seconds") if own is None else own(row)
    return seconds


def run_spec(measure: Measure, space: str, spec: Spec, seed: int) -> dict[str, Any]:
    """Measure an architecture: by the method `run_spec`, or else its graph."""
    run = getattr(measure, "run_spec", None)
    if run is None:
        return measure.run(measure.build(space, spec), seed)
    values: dict[str, Any] = run(space, spec, seed)
    return values
