"""Spectra against graphs whose spectra are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from nape_bench.graph import GraphTable
from nape_bench.graph.flat import pointers
from nape_bench.graph.vocabulary import COLUMNS
from nape_bench.predictors.gennape import spectrum
from nape_bench.predictors.gennape.spectrum import laplacian_spectra

if TYPE_CHECKING:
    from tests.predictors.conftest import Labelled


def table(*graphs: tuple[int, list[tuple[int, int]]]) -> GraphTable:
    """Return graphs of so many nodes with these edges; what the nodes are does not matter."""
    nodes = sum(count for count, _ in graphs)
    edges = np.array([edge for _, pairs in graphs for edge in pairs])
    return GraphTable(
        {name: np.ones(nodes, dtype=np.int32) for name in COLUMNS},
        edges[:, 0],
        edges[:, 1],
        pointers(np.array([count for count, _ in graphs])),
        pointers(np.array([len(pairs) for _, pairs in graphs])),
    )


def path(nodes: int) -> tuple[int, list[tuple[int, int]]]:
    return nodes, [(i, i + 1) for i in range(nodes - 1)]


def complete(nodes: int) -> tuple[int, list[tuple[int, int]]]:
    return nodes, [(i, j) for j in range(nodes) for i in range(j)]


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectrum, "_KNOWN", {})


def test_paths() -> None:
    wanted = 1 - np.cos(np.pi * np.arange(6) / 5)
    np.testing.assert_allclose(laplacian_spectra(table(path(6)), 6)[0], wanted, atol=1e-12)


def test_complete_graphs_and_smallest_first() -> None:
    spectra = laplacian_spectra(table(complete(5), path(3), complete(3)), 3)
    np.testing.assert_allclose(spectra[0], [0, 5 / 4, 5 / 4], atol=1e-12)
    np.testing.assert_allclose(spectra[1], [0, 1, 2], atol=1e-12)
    np.testing.assert_allclose(spectra[2], [0, 3 / 2, 3 / 2], atol=1e-12)


def test_a_star() -> None:
    star = 5, [(0, i) for i in range(1, 5)]
    np.testing.assert_allclose(laplacian_spectra(table(star), 5)[0], [0, 1, 1, 1, 2], atol=1e-12)


def test_what_small_graphs_lack_is_two() -> None:
    np.testing.assert_allclose(laplacian_spectra(table(path(2)), 4)[0], [0, 2, 2, 2], atol=1e-12)


def test_an_edge_that_is_there_twice_counts_once() -> None:
    twice = 3, [(0, 1), (0, 1), (1, 2)]
    spectra = laplacian_spectra(table(twice, path(3)), 3)
    np.testing.assert_allclose(spectra[0], spectra[1], atol=1e-12)


def test_each_graph_is_decomposed_once(labelled: Labelled, monkeypatch: pytest.MonkeyPatch) -> None:
    decomposed = []
    eigvalsh = np.linalg.eigvalsh

    def counted(matrices: np.ndarray) -> np.ndarray:
        decomposed.append(len(matrices))
        values: np.ndarray = eigvalsh(matrices)
        return values

    monkeypatch.setattr(np.linalg, "eigvalsh", counted)
    monkeypatch.setattr(spectrum, "BATCH_ENTRIES", 10_000)
    order = np.array([3, 0, 3, 1, 0])
    whole = laplacian_spectra(labelled.graphs[:5], 21)
    once = sum(decomposed)
    assert once <= 5
    assert laplacian_spectra(labelled.graphs[:0], 21).shape == (0, 21)
    np.testing.assert_array_equal(laplacian_spectra(labelled.graphs[order], 21), whole[order])
    assert sum(decomposed) == once
    assert laplacian_spectra(labelled.graphs[:5], 4).shape == (5, 4)
