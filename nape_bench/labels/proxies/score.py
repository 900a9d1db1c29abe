"""All proxies of a network, each pass done once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from nape_bench.errors import GraphError, NapeError
from nape_bench.graph.vocabulary import WEIGHTED
from nape_bench.labels.proxies import gradient, passes
from nape_bench.labels.proxies.batch import batch_for
from nape_bench.labels.proxies.jacobian import epe_nas, jacov
from nape_bench.labels.proxies.relu import nwot
from nape_bench.labels.proxies.size import l2_norm
from nape_bench.labels.proxies.synflow import synflow
from nape_bench.labels.proxies.values import PROXIES, Scores, UndefinedError
from nape_bench.labels.proxies.zen import zen
from nape_bench.registry import unknown_name
from nape_bench.torch_threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from torch import nn

    from nape_bench.graph import ArchGraph
    from nape_bench.labels.proxies.batch import Batch

    Computations = dict[str, Callable[[], float]]

OF_GRAPH = frozenset({"flops", "params"})
OF_LOSS = frozenset({"fisher", "grad_norm", "grasp", "plain", "snip"})
OF_CLASSES = OF_LOSS | {"epe_nas"}
OF_WEIGHTS = OF_LOSS | {"l2_norm", "synflow"}


def score(
    graph: ArchGraph,
    *,
    batch: int = 16,
    seed: int = 0,
    names: Iterable[str] | None = None,
    data: Batch | None = None,
) -> Scores:
    """Compute proxies of a network at initialisation, on one thread.

    The same arguments give the same values on the same machine and version of torch, whichever
    other proxies are asked for.

    Args:
        graph: Any graph.
        batch: Number of images, 2 or more.
        seed: 0 or more; sets weights and images.
        names: Which proxies; None for all 13.
        data: Images and classes in place of `batch` drawn ones.

    Returns:
        The values in the order of `PROXIES`, and the reason where there is none.

    Raises:
        UnknownNameError: There is no such proxy.
        NapeError: There are fewer than two images.
    """
    wanted = _checked(names)
    if (batch if data is None else len(data.images)) < 2:
        raise NapeError("proxies compare images: a batch has 2 or more")
    undefined = _undefined(graph, wanted)
    values: dict[str, float | None] = dict.fromkeys(name for name in PROXIES if name in wanted)
    with one_thread(), torch.random.fork_rng(devices=[]):
        defined = wanted - set(undefined)
        computations = _of_graph(graph)
        if defined - OF_GRAPH:
            try:
                net = _network(graph, seed)
            except GraphError as error:
                undefined.update(dict.fromkeys(defined - OF_GRAPH, str(error)))
            else:
                data = data or batch_for(graph, batch, seed)
                computations.update(_of_network(net, data, defined, _classes(graph), seed))
        for name in sorted(defined - set(undefined)):
            try:
                value = computations[name]()
            except UndefinedError as reason:
                undefined[name] = str(reason)
                continue
            if math.isfinite(value):
                values[name] = float(value)
            else:
                undefined[name] = f"the result is {value}"
    return Scores(values, dict(sorted(undefined.items())))


def _checked(names: Iterable[str] | None) -> set[str]:
    wanted = set(PROXIES if names is None else names)
    for name in sorted(wanted - set(PROXIES)):
        raise unknown_name("zero-cost proxy", name, PROXIES)
    return wanted


def _undefined(graph: ArchGraph, wanted: set[str]) -> dict[str, str]:
    """Return why proxies have no value that a look at the graph tells to have none."""
    reasons = {}
    if not WEIGHTED.intersection(graph.ops):
        reasons.update(dict.fromkeys(OF_WEIGHTS, "there is no convolution or dense layer"))
    h, w = (int(graph.column(name)[-1]) for name in ("h_in", "w_in"))
    if (h, w) != (1, 1):
        maps = f"the output is maps of {h} x {w} pixels, not scores of classes"
        reasons.update(dict.fromkeys(OF_CLASSES, maps))
    elif _classes(graph) < 2:
        reasons.update(dict.fromkeys(OF_CLASSES, "there is one class"))
    return {name: reason for name, reason in reasons.items() if name in wanted}


def _classes(graph: ArchGraph) -> int:
    return int(graph.column("c_in")[-1])


def _network(graph: ArchGraph, seed: int) -> nn.Module:
    """Return the network with weights as `to_torch` draws them, channels last as is fastest."""
    torch.manual_seed(seed)
    net = graph.to_torch().train()
    return net.to(memory_format=torch.channels_last)  # type: ignore[no-any-return, call-overload]


def _of_graph(graph: ArchGraph) -> Computations:
    return {"flops": lambda: float(graph.flops()), "params": lambda: float(graph.params())}


def _of_network(
    net: nn.Module, data: Batch, names: set[str], classes: int, seed: int
) -> Computations:
    """Do the passes that some proxies share, and return how each comes from what they gave."""
    seen = passes.run(
        net,
        data,
        passes.Needs(
            gradients=bool(names & OF_LOSS),
            fisher="fisher" in names,
            jacobian=not names.isdisjoint({"jacov", "epe_nas"}),
            same="nwot" in names,
            pieces="grasp" in names,
        ),
    )
    rows = seen.jacobian.flatten(1)
    c, h, w = data.images.shape[1:]
    return {
        "epe_nas": lambda: epe_nas(rows, data.classes, classes),
        "fisher": lambda: gradient.fisher(net, seen.fisher),
        "grad_norm": lambda: gradient.grad_norm(seen.gradients),
        "grasp": lambda: gradient.grasp(net, data, seen.gradients, seen.pieces),
        "jacov": lambda: jacov(rows),
        "l2_norm": lambda: l2_norm(net),
        "nwot": lambda: nwot(seen.same),
        "plain": lambda: gradient.plain(net, seen.gradients),
        "snip": lambda: gradient.snip(net, seen.gradients),
        "synflow": lambda: synflow(net, (c, h, w)),
        "zen": lambda: zen(net, (c, h, w), batch=len(data.images), seed=seed),
    }
