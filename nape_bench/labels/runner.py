"""Runner: measures architectures and graphs into a store, over cores, and goes on where it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.labels.choose import draw
from nape_bench.labels.jobs import GRAPH, Target
from nape_bench.labels.session import Plan, Report, methods_of, run
from nape_bench.spaces import space as space_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from nape_bench.graph import ArchGraph
    from nape_bench.labels.measures import Measure
    from nape_bench.spaces import Spec


def label(
    space: str,
    n: int,
    *,
    store: str | Path = "labels",
    measure: str | Measure | Sequence[str | Measure] = "micro",
    seeds: int = 2,
    jobs: int | None = None,
    engine: str = "joblib",
    address: str | None = None,
    draw_seed: int = 0,
    subset: str | None = None,
    among: Iterable[Spec] | None = None,
    exclude: Iterable[Spec] = (),
    wanted: Callable[[str], bool] | None = None,
    retry: bool = False,
    progress: bool = True,
) -> Report:
    """Measure `n` architectures drawn from a space.

    The run may be ended at any moment, also by `kill -9`: jobs in flight are lost, and the same
    call goes on from there. Asking for more architectures, seeds or measurements adds to what is
    there. Several runs may work on one store. A job that fails is recorded with its reason; what
    ails the store itself ends the run, and nothing is recorded.

    Args:
        space: Name of a space.
        n: Number of architectures, no two of which compute the same function.
        store: Folder of the store.
        measure: Name of a measurement, or one, or several.
        seeds: Measurements of each architecture, with seeds 0, 1, ...
        jobs: Jobs at a time, each in a worker process of its own: 1 if it is not said, with the
            engine ray one for each processor of the cluster. 0 does jobs in this process.
        engine: "joblib", worker processes of this machine; or "ray", a Ray cluster.
        address: Of the Ray cluster; one that runs on this machine is found without.
        draw_seed: What architectures are drawn from.
        subset: Part of the space that is drawn from (`draw`).
        among: Architectures to draw from, instead of the whole space.
        exclude: Architectures that are not drawn, nor what computes the same function.
        wanted: Says of a `group` key whether its architectures are drawn (`draw`).
        retry: Whether to do jobs again that failed before, or whose result was disturbed; of two
            results the one is kept that was disturbed less.
        progress: Whether to show progress and the time left.

    Raises:
        UnknownNameError: No such space, subset, measurement or engine, or a measurement has no
            settings for this space.
        DataError: The store is broken, or has results made with other settings of this version.
        StoreError: A file in the store that jobs share, a supernet, cannot be read or written.
        NapeError: What a measurement or the engine needs is not there, or a number is out of
            range.
        OSError: The store cannot be written (a full disk).
    """
    plan = Plan(store, methods_of(measure), seeds, jobs, engine, address, retry, progress)
    specs = draw(space, n, draw_seed, subset=subset, among=among, exclude=exclude, wanted=wanted)
    return run(_targets(space, specs), plan)


def label_specs(
    space: str,
    specs: Iterable[Spec],
    *,
    store: str | Path = "labels",
    measure: str | Measure | Sequence[str | Measure] = "micro",
    seeds: int = 2,
    jobs: int | None = None,
    engine: str = "joblib",
    address: str | None = None,
    retry: bool = False,
    progress: bool = True,
) -> Report:
    """Measure the given architectures of a space; all else is as for `label`."""
    plan = Plan(store, methods_of(measure), seeds, jobs, engine, address, retry, progress)
    return run(_targets(space, specs), plan)


def label_graphs(
    graphs: Iterable[ArchGraph],
    *,
    store: str | Path = "labels",
    measure: str | Measure | Sequence[str | Measure] = "micro",
    seeds: int = 2,
    jobs: int | None = None,
    engine: str = "joblib",
    address: str | None = None,
    retry: bool = False,
    progress: bool = True,
) -> Report:
    """Measure graphs as they are, mutated ones for instance; all else is as for `label`.

    In the store a graph has the space "graph" and its hash as text. Micro training makes it small
    first (`nape_bench.labels.micro.scaled.scaled_graph`): an architecture of a space is better
    given to `label_specs`, since its label can then be compared with those of the space.
    """
    plan = Plan(store, methods_of(measure), seeds, jobs, engine, address, retry, progress)
    return run([Target(GRAPH, graph.hash, graph=graph) for graph in graphs], plan)


def _targets(space: str, specs: Iterable[Spec]) -> list[Target]:
    family = space_of(space)
    return [Target(space, family.format(spec), spec=spec) for spec in map(family.normalise, specs)]
