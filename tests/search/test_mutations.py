"""Mutations of graphs: every result is a valid network that builds and runs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nape_bench.errors import GraphError, UnknownNameError
from nape_bench.graph import ArchGraph, GraphBuilder
from nape_bench.graph.vocabulary import OP_INDEX
from nape_bench.search import mutate, mutations, propose
from nape_bench.search.parent import Parent
from nape_bench.spaces import space, spaces

if TYPE_CHECKING:
    from collections.abc import Iterator

CLASSES, PIXELS = 7, 32


def small(family: str, rng: np.random.Generator) -> ArchGraph:
    drawn = space(family)
    scale = {"width": 0.25, "depth": 1, "resolution": PIXELS, "num_classes": CLASSES}
    return drawn.build(drawn.sample(rng), **scale)


def walk(family: str, seed: int, steps: int) -> Iterator[tuple[ArchGraph, str]]:
    rng = np.random.default_rng(seed)
    graph = small(family, rng)
    donors = [small(family, rng), graph]
    for _ in range(steps):
        graph, change = mutate(graph, rng, donors=donors)
        yield graph, change


@pytest.mark.parametrize("family", sorted(spaces()))
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32 - 1))
def test_many_mutations_in_a_row_stay_networks(family: str, seed: int) -> None:
    graph = small(family, np.random.default_rng(seed))
    for mutant, _ in walk(family, seed, 8):
        assert ArchGraph(mutant.nodes, mutant.edges) == mutant
        assert mutant.hash != graph.hash
        graph = mutant
    module = graph.to_torch().eval()
    with torch.inference_mode():
        out = module(torch.randn(2, 3, PIXELS, PIXELS))
    assert out.shape == (2, CLASSES)
    assert sum(p.numel() for p in module.parameters()) == graph.params()


@pytest.mark.parametrize("family", ["hiaml", "ofa_mbv3"])
def test_the_seed_decides_mutations(family: str) -> None:
    first, again, other = (
        [(graph.hash, change) for graph, change in walk(family, seed, 10)] for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize("kind", sorted(mutations()))
def test_every_kind_changes_graphs(kind: str) -> None:
    rng = np.random.default_rng(0)
    graph = small("hiaml", rng)
    parents = [Parent(graph), Parent(small("hiaml", rng))]
    found = propose(parents[:1], [0] * 40, rng, kinds=[kind], donors=parents)
    assert len(found.graphs) == 40
    assert {mutant.kind for mutant in found.mutants} == {kind}
    assert np.mean(found.graphs.hashes != graph.hash) > 0.5
    assert all(mutant.change for mutant in found.mutants)
    assert Parent(graph).nodes == parents[0].nodes, "the parent is changed"
    assert mutations()[kind].help


@pytest.mark.parametrize("family", sorted(spaces()))
def test_no_rule_of_the_normal_form_is_broken_on_the_way(family: str) -> None:
    """Drafts fit by construction: the check of the packed table finds nothing."""
    rng = np.random.default_rng(5)
    parents = [Parent(small(family, rng)) for _ in range(3)]
    found = propose(parents, [0, 1, 2] * 60, rng)
    reasons = {name.partition(": ")[2] for name in found.rejected}
    words = {"channels differ", "concatenation", "cut", "edge", "gate", "groups", "input",
             "no channels", "no such node", "no such part", "nothing left", "one pixel", "output",
             "product", "sizes", "fixed size"}  # fmt: skip
    assert reasons <= words
    assert len(found.graphs) == len(found.mutants) > 150


def test_an_unknown_kind_is_named() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(UnknownNameError, match="did you mean width"):
        mutate(small("hiaml", rng), rng, kinds=["widht"])


def test_what_cannot_be_mutated_says_why() -> None:
    b = GraphBuilder(8)
    graph = b.finish(b.dense(b.mean(b.input), 5))
    with pytest.raises(GraphError, match="width: output"):
        mutate(graph, np.random.default_rng(0), kinds=["width"])


def residual(width: int = 8) -> tuple[ArchGraph, list[int]]:
    """Return a network with one sum, and its convolutions; the third lies behind the sum."""
    b = GraphBuilder(8)
    x = b.relu(b.batch_norm(b.conv(b.input, width, 3)))
    branch = b.batch_norm(b.conv(x, width, 3))
    y = b.relu(b.add(branch, x))
    graph = b.finish(b.dense(b.mean(b.relu(b.batch_norm(b.conv(y, 12, 1)))), 5))
    return graph, [i for i, op in enumerate(graph.ops) if op == "Conv"]


def test_a_width_changes_with_all_that_is_summed_with_it() -> None:
    graph, (first, second, third) = residual()
    found = {tuple(w.layers): w for w in Parent(graph).widths}
    assert set(found) == {(first, second), (third,), (len(graph) - 2,)}
    assert found[len(graph) - 2,].fixed == "output"
    rng = np.random.default_rng(0)
    seen = Counter[tuple[int, ...]]()
    for _ in range(30):
        mutant, _ = mutate(graph, rng, kinds=["width"])
        assert mutant.ops == graph.ops
        seen[tuple(mutant.column("c_out")[[first, second, third]].tolist())] += 1
        assert mutant.column("c_in")[third] == mutant.column("c_out")[first]
    assert {wide[0] for wide in seen} == {8, 4, 6, 10, 12}
    assert all(wide[0] == wide[1] for wide in seen)


def test_channels_of_grouped_convolutions_stay_multiples() -> None:
    b = GraphBuilder(8)
    x = b.conv(b.input, 12, 3)
    x = b.conv(x, 12, 3, groups=3)
    graph = b.finish(b.dense(b.mean(b.depthwise(x, 3)), 5))
    rng = np.random.default_rng(0)
    for _ in range(40):
        mutant, _ = mutate(graph, rng, kinds=["width"])
        c_in, c_out = (mutant.column(name)[2] for name in ("c_in", "c_out"))
        assert c_in % 3 == c_out % 3 == 0
        assert mutant.column("groups")[3] == mutant.column("c_out")[3] == c_out


def test_branches_that_no_longer_agree_get_a_projection() -> None:
    """With the convolution that halves maps taken out, the shortcut's does it alone."""
    b = GraphBuilder(8)
    x = b.relu(b.batch_norm(b.conv(b.input, 8, 3)))
    short = b.batch_norm(b.conv(x, 16, 1, 2))
    long = b.batch_norm(b.conv(x, 16, 3, 2))
    graph = b.finish(b.dense(b.mean(b.relu(b.add(long, short))), 5))
    rng = np.random.default_rng(0)
    found = set()
    for _ in range(60):
        mutant, change = mutate(graph, rng, kinds=["remove"])
        if change.startswith("remove: Conv 3x3 s2"):
            found.add(mutant.hash)
            strides = mutant.column("stride_h")[mutant.column("op") == 3]
            assert strides.tolist() == [1, 2, 2]
            assert mutant.column("kernel_h").max() == 3
            assert mutant.column("kernel_h")[mutant.column("stride_h") == 2].tolist() == [1, 1]
    assert len(found) == 1


def test_gates_are_left_alone() -> None:
    """The ReLU6 of an h-swish is no activation by itself."""
    b = GraphBuilder(8)
    x = b.h_swish(b.batch_norm(b.conv(b.input, 8, 3)))
    graph = b.finish(b.dense(b.mean(x), 5))
    rng = np.random.default_rng(0)
    for _ in range(100):
        mutant, _ = mutate(graph, rng)
        for product in np.flatnonzero(mutant.column("op") == OP_INDEX["Mul"]).tolist():
            read = mutant.edges[mutant.edges[:, 1] == product, 0].tolist()
            assert "ReLU6" in [mutant.ops[source] for source in read]


def test_slices_stay() -> None:
    """A convolution that reads some leading channels, and not the first row, goes on doing so."""
    b = GraphBuilder(9)
    x = b.conv(b.input, 8, 3)
    y = b.conv(x, 6, 1, 2, read=(8, 8, 5))
    graph = b.finish(b.dense(b.mean(y), 5))
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(60):
        mutant, _ = mutate(graph, rng, kinds=["width", "kernel", "operation"])
        seen.add((int(mutant.column("h_in")[2]), int(mutant.column("c_in")[2])))
    assert seen == {(8, 5), (8, 4)}
