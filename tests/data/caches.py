"""Caches and graphs as GENNAPE's and AIO-P's authors publish them, made for tests.

Pickles are written by Python's own pickler, of classes that have the authors' names.
"""

from __future__ import annotations

import collections
import contextlib
import json
import pickle
import sys
import types
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np

from nape_bench.data.importers import import_gennape
from nape_bench.graph import COLUMNS, OPS
from nape_bench.graph.vocabulary import CONVOLUTIONS, POOLS, WEIGHTED
from nape_bench.spaces import space

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from nape_bench.data.importers import GraphReport
    from nape_bench.graph import ArchGraph

GRAPHS, DARTS = "model_src.comp_graph.tf_comp_graph", "model_src.darts.model_darts"
NAMES = {
    "nb101": "NB101-Net", "nb201": "NB201-Net", "nb301": "NB301-Net", "ofa_pn": "OFA-PN-Net",
    "ofa_mbv3": "OFA-MBV3-Net", "ofa_resnet": "OFA-ResNet", "hiaml": "HiAMLNet",
    "two_path": "TwoPathNet", "inception": "InceptionNet",
}  # fmt: skip

CACHE = "gpi_{}_comp_graph_cache.pkl"

Genotype = collections.namedtuple("Genotype", "normal normal_concat reduce reduce_concat")
Genotype.__module__ = DARTS


@contextlib.contextmanager
def authors_modules() -> Iterator[types.ModuleType]:
    """Let the authors' modules be importable; gives the one with the graph classes."""
    graphs, darts = types.ModuleType(GRAPHS), types.ModuleType(DARTS)
    for name in ("ComputeGraph", "RegularNode", "WeightedNode"):
        setattr(graphs, name, type(name, (), {"__module__": GRAPHS}))
    darts.Genotype = Genotype
    parents = {
        name: types.ModuleType(name)
        for name in ("model_src", "model_src.comp_graph", "model_src.darts")
    }
    with mock.patch.dict(sys.modules, {**parents, GRAPHS: graphs, DARTS: darts}):
        yield graphs


def dumps(value: Any, protocol: int = 4) -> bytes:
    """Pickle a value in which dictionaries with a "class" stand for the authors' objects."""
    with authors_modules() as graphs:
        return pickle.dumps(_objects(value, graphs, {}), protocol)


def _objects(value: Any, graphs: types.ModuleType, known: dict[int, Any]) -> Any:
    """Make objects; what is one value before stays one."""
    if id(value) in known:
        return known[id(value)][0]
    made = value
    if isinstance(value, dict):
        made = {key: _objects(part, graphs, known) for key, part in value.items()}
        if "class" in made:
            thing = getattr(graphs, made.pop("class"))()
            thing.__dict__.update(made)
            made = thing
    elif type(value) in {list, tuple}:
        made = type(value)([_objects(part, graphs, known) for part in value])
    known[id(value)] = (made, value)
    return made


def state(graph: ArchGraph, name: str, *, weighted_first: bool = True) -> dict[str, Any]:
    """Return the state of a ComputeGraph, as JSON has it, but with a "class" of each object.

    Sums of a node with itself are left out, as the authors' code does.
    """
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in graph.nodes.tolist()]
    ops = [OPS[row["op"]] for row in rows]
    edges = {(a, b) for a, b in graph.edges.tolist()}
    for node, op in enumerate(ops):
        sources = [a for a, b in edges if b == node]
        if op in {"Add", "Mul", "Concat"} and len(sources) == 1:
            edges |= {(sources[0], b) for a, b in edges if a == node}
            edges = {edge for edge in edges if node not in edge}
            ops[node] = ""
    order = [i for i, op in enumerate(ops) if op]
    order.sort(key=lambda i: (ops[i] not in WEIGHTED) == weighted_first)
    place = {node: number for number, node in enumerate(order)}
    nodes = [_node(ops[i], i, rows[i]) for i in order]
    height, width = rows[0]["h_in"], rows[0]["w_in"]
    return {
        "class": "ComputeGraph",
        "name": name,
        "input_shape": (1, height, width, 3),
        "edge_pairs": sorted((place[a], place[b]) for a, b in edges),
        "regular_nodes": [node for node in nodes if node["class"] == "RegularNode"],
        "weighted_nodes": [node for node in nodes if node["class"] == "WeightedNode"],
        "max_hidden_size": 512,
    }


def _node(op: str, number: int, row: dict[str, int]) -> dict[str, Any]:
    sizes = ("h_in", "h_out", "w_in", "w_out", "c_in", "c_out")
    found: dict[str, Any] = {
        "class": "WeightedNode" if op in WEIGHTED else "RegularNode",
        "str_id": f"{7 * number}|net/block/{op.lower()}",
        "label": op.lower(),
        "op_type_idx": row["op"],
        "resolution": tuple(row[size] for size in sizes),
        "strides": (1, row["stride_h"], row["stride_w"], 1) if op in CONVOLUTIONS | POOLS else None,
        "metadata": {"data_format": "NHWC"} if op in CONVOLUTIONS | {"BatchNorm"} else None,
    }
    if op in CONVOLUTIONS:
        found["metadata"]["dilations"] = (1, row["dilation"], row["dilation"], 1)
    if op in POOLS:
        found["metadata"] = {"ksize": (1, row["kernel_h"], row["kernel_w"], 1)}
    if op in WEIGHTED:
        found["shape"] = [row["c_in"], row["c_out"], row["kernel_h"], row["kernel_w"]]
        if row["bias"]:
            found["metadata"] = {**(found["metadata"] or {}), "use_bias": True}
    return found


def sampled(family: str, count: int, seed: int = 0) -> list[Any]:
    """Return distinct specifications of a space; of nb201, those without none."""
    family_space, rng = space(family), np.random.default_rng(seed)
    found: dict[str, Any] = {}
    while len(found) < count:
        spec = family_space.sample(rng)
        if family != "nb201" or "none" not in spec["ops"]:
            found[family_space.format(spec)] = spec
    return list(found.values())


def config(family: str, spec: Any) -> Any:
    """Return a specification in the form in which the authors' caches hold it."""
    if family == "nb101":
        return spec["ops"], spec["matrix"]
    if family == "nb201":
        return spec["ops"], ((0,), (0,), (1,), (0,), (1,), (2, 3))
    if family == "nb301":
        pairs = [[tuple(pair) for pair in spec[cell]] for cell in ("normal", "reduce")]
        return Genotype(pairs[0], range(2, 6), pairs[1], range(2, 6))
    if family.startswith("ofa"):
        return spec["resolution"], spec["config"]
    return spec


def entry(family: str, spec: Any, number: int = 0, **fields: Any) -> dict[str, Any]:
    """Return an entry of a cache."""
    graph = state(space(family).build(spec), f"{NAMES[family]}{number}")
    usual = {"acc": 0.9 + number / 1024, "flops": 3e8 + number, "n_params": 1e6 + number}
    return {
        "compute graph": graph, **usual, **fields, "original config": config(family, spec),
    }  # fmt: skip


def write_cache(path: Path, entries: Sequence[Any], protocol: int = 4) -> Path:
    """Write a cache."""
    path.write_bytes(dumps(list(entries), protocol))
    return path


def json_record(family: str, spec: Any, number: int = 0, **fields: Any) -> dict[str, Any]:
    """Return a record of the JSON files."""
    graph = json.loads(json.dumps(state(space(family).build(spec), f"{NAMES[family]}{number}")))
    for node in (graph, *graph["regular_nodes"], *graph["weighted_nodes"]):
        del node["class"]
    best = 91.25 + number / 64
    return {"net_config": spec, "cg": graph, "perfs": [best - 1, best], "max_perf": best, **fields}


def write_json(path: Path, family: str, records: Sequence[Any]) -> Path:
    """Write a JSON file of labelled graphs."""
    named = {f"{family}#{number}": record for number, record in enumerate(records)}
    path.write_text(json.dumps(named))
    return path


def run(path: Path, **changes: Any) -> list[tuple[Path, GraphReport]]:
    return import_gennape(path, progress=False, **changes)


def cache(tmp_path: Path, kind: str, entries: Any) -> Path:
    return write_cache(tmp_path / CACHE.format(kind), entries)


def other_op(graph: dict[str, Any]) -> None:
    node = next(node for node in graph["regular_nodes"] if node["op_type_idx"] == 6)
    node["op_type_idx"] = 7
