"""What must hold of a graph in normal form; every check names the node that breaks it.

All checks are array operations over `Flat`, so that a table of graphs costs little more than one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nape_bench.errors import GraphError
from nape_bench.graph import vocabulary as vocab

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nape_bench.graph.flat import Flat


def check(flat: Flat) -> None:
    """Check that every graph is in normal form.

    Args:
        flat: Graphs whose edges point forward (a cycle cannot be written then).

    Raises:
        GraphError: The first node that breaks a rule, by number and operation, and the rule.
    """
    _check_values(flat)
    _check_wiring(flat)
    _check_operations(flat)
    _check_reads(flat)


def is_op(flat: Flat, names: Iterable[str]) -> np.ndarray:
    """Return which nodes have one of these operations, bool [nodes]."""
    wanted = np.zeros(256, dtype=bool)
    wanted[[vocab.OP_INDEX[name] for name in names]] = True
    result: np.ndarray = wanted[flat.columns["op"]]
    return result


def _fail(flat: Flat, bad: np.ndarray, rule: str, *columns: str) -> None:
    """Raise for the first node where `bad` is true; `columns` are shown as it has them."""
    if not bad.any():
        return
    node = int(np.argmax(bad))
    graph = int(np.searchsorted(flat.node_ptr, node, side="right")) - 1
    index = int(flat.columns["op"][node])
    op = vocab.OPS[index] if index < len(vocab.OPS) else f"operation {index}"
    where = f"graph {graph}, " if flat.graphs > 1 else ""
    shown = ", ".join(f"{name}={int(flat.columns[name][node])}" for name in columns)
    shown = f" ({shown})" if shown else ""
    raise GraphError(f"{where}node {flat.number(node)} ({op}): {rule}{shown}")


def _check_values(flat: Flat) -> None:
    c = flat.columns
    _fail(flat, c["op"] >= len(vocab.OPS), "no such operation in the vocabulary", "op")
    _fail(
        flat,
        is_op(flat, vocab.NOT_IN_NORMAL_FORM),
        "has no place in a graph in normal form: fold it into its neighbours",
    )
    for name in sorted(vocab.SIZES):
        _fail(flat, c[name] < 1, "sizes must be 1 or more", name)
    for name in ("stride_h", "stride_w", "dilation", "groups"):
        _fail(flat, c[name] < 1, f"{name} must be 1 or more", name)
    windowed = is_op(flat, vocab.CONVOLUTIONS | vocab.POOLS)
    free = is_op(flat, {"SpacetoDepthND", "DepthtoSpaceND", "OOV", "Deconv"})
    plain = ~windowed & ~free & ~is_op(flat, {"Attention", "Roll"})
    for name in ("kernel_h", "kernel_w"):
        _fail(flat, windowed & (c[name] < 1), "a window needs a kernel of 1 or more", name)
        _fail(flat, plain & (c[name] != 0), "kernel is 0 where there is no window", name)
    plain |= is_op(flat, {"Roll"})
    for name in ("stride_h", "stride_w", "dilation"):
        unstrided = plain if name == "dilation" else plain | is_op(flat, {"Attention"})
        _fail(flat, unstrided & (c[name] != 1), f"{name} is 1 where there is no window", name)
    _fail(flat, c["bias"] > 1, "bias is 0 or 1", "bias")
    unbiased = ~is_op(flat, vocab.BIASED | {"OOV"})
    _fail(flat, unbiased & (c["bias"] != 0), "only weighted operations have a bias", "bias")
    ungrouped = ~is_op(flat, vocab.GROUPED | {"OOV"})
    _fail(flat, ungrouped & (c["groups"] != 1), "groups is 1 where there is no weight", "groups")
    divided = is_op(flat, vocab.GROUPED - vocab.WEIGHTED) & (c["c_out"] % c["groups"] != 0)
    _fail(flat, divided, "groups must divide its channels", "groups", "c_out")
    dilated = is_op(flat, {"Avgpool"}) & (c["dilation"] != 1)
    _fail(flat, dilated, "an average pool is not dilated", "dilation")


def _check_wiring(flat: Flat) -> None:
    nodes = flat.nodes
    ins = np.bincount(flat.target, minlength=nodes)
    outs = np.bincount(flat.source, minlength=nodes)
    first = np.zeros(nodes, dtype=bool)
    last = np.zeros(nodes, dtype=bool)
    first[flat.node_ptr[:-1]] = True
    last[flat.node_ptr[1:] - 1] = True
    source, sink = is_op(flat, {"Input"}), is_op(flat, {"Output"})
    _fail(flat, first & ~source, "the first node must be the Input")
    _fail(flat, source & ~first, "a graph has one Input")
    _fail(flat, last & ~sink, "the last node must be the Output")
    _fail(flat, sink & ~last, "a graph has one Output")
    _fail(flat, source & (ins > 0), "an Input reads nothing")
    _fail(flat, ~source & (ins == 0), "reads nothing: it is on no path from Input to Output")
    _fail(flat, sink & (outs > 0), "an Output is read by nothing")
    _fail(flat, ~sink & (outs == 0), "is read by nothing: it is on no path from Input to Output")
    many = is_op(flat, vocab.UNORDERED | {"Join", "Tuple"})
    _fail(flat, many & (ins < 2), "needs two inputs or more")
    attention = is_op(flat, {"Attention"})
    _fail(flat, attention & (ins > 3), "reads three inputs at most: q, k and v")
    single = ~many & ~attention & ~is_op(flat, {"OOV"})
    _fail(flat, single & (ins > 1), "reads one input only")


def _check_operations(flat: Flat) -> None:
    c = flat.columns
    kept = is_op(flat, vocab.POINTWISE)
    for axis in "hwc":
        names = (f"{axis}_in", f"{axis}_out")
        _fail(flat, kept & (c[names[0]] != c[names[1]]), "keeps the shape of its input", *names)
    same_channels = is_op(flat, vocab.POOLS | vocab.REDUCTIONS | vocab.ELEMENTWISE)
    _fail(flat, same_channels & (c["c_in"] != c["c_out"]), "keeps its channels", "c_in", "c_out")
    single = (c["h_out"] == 1) & (c["w_out"] == 1)
    _fail(flat, is_op(flat, vocab.REDUCTIONS) & ~single, "gives one pixel", "h_out", "w_out")
    dense = is_op(flat, {"MatMul"})
    moved = (c["h_in"] != c["h_out"]) | (c["w_in"] != c["w_out"])
    _fail(flat, dense & moved, "a dense layer keeps pixels", "h_in", "h_out", "w_in", "w_out")
    _fail(flat, dense & (c["groups"] != 1), "a dense layer has no groups", "groups")
    conv = is_op(flat, vocab.CONVOLUTIONS)
    split = (c["c_in"] % c["groups"] != 0) | (c["c_out"] % c["groups"] != 0)
    _fail(flat, conv & split, "groups must divide its channels", "groups", "c_in", "c_out")
    depthwise = is_op(flat, {"Depthwise"}) & (c["groups"] != c["c_in"])
    _fail(flat, depthwise, "a depthwise convolution has a group a channel", "groups", "c_in")
    windowed = is_op(flat, vocab.CONVOLUTIONS | vocab.POOLS)
    for axis in "hw":
        names = (f"kernel_{axis}", f"stride_{axis}")
        sizes = (f"{axis}_in", f"{axis}_out")
        missing = padding(flat, axis)
        reach = c["dilation"].astype(np.int64) * (c[names[0]].astype(np.int64) - 1)
        # Beyond twice the reach of the kernel, whole windows would see nothing but padding (as the
        # last ones of NASNet's average pools of one pixel do); with a stride or more of pixels left
        # over, the output is too small.
        stride = c[names[1]].astype(np.int64)
        one_pixel = is_op(flat, {"Avgpool"}) & (c[names[0]] == 1)
        most = np.where(one_pixel, stride - 1, 2 * reach)
        fits = (missing <= most) & (missing > -stride)
        _fail(flat, windowed & ~fits, "no padding gives this size", *sizes, *names, "dilation")


def padding(flat: Flat, axis: str) -> np.ndarray:
    """Return how many pixels a window operation lacks along `axis` ("h" or "w"), int64 [nodes].

    (out - 1) stride + dilation (kernel - 1) + 1 - in: what is positive is padding, the smaller
    half of it first; what is negative is left over at the end. Meaningless for other nodes.
    """
    c = {
        name: flat.columns[name].astype(np.int64)
        for name in (f"{axis}_in", f"{axis}_out", f"kernel_{axis}", f"stride_{axis}", "dilation")
    }
    span = c["dilation"] * (c[f"kernel_{axis}"] - 1) + 1
    return (c[f"{axis}_out"] - 1) * c[f"stride_{axis}"] + span - c[f"{axis}_in"]


def _check_reads(flat: Flat) -> None:
    """Check what nodes read against what their sources put out, slices and broadcasts allowed."""
    c, u, v = flat.columns, flat.source, flat.target
    starts = np.flatnonzero(flat.slots() == 0)
    targets = v[starts]
    elementwise = is_op(flat, vocab.ELEMENTWISE)
    concat = is_op(flat, {"Concat"})
    bad = np.zeros(flat.nodes, dtype=bool)
    spread = is_op(flat, {"Mul"}) & (c["h_in"] == 1) & (c["w_in"] == 1)
    spread &= (c["h_out"] > 1) | (c["w_out"] > 1)
    # What an Attention, a Join or a Tuple reads beside the first has sizes of its own. Pixels in
    # rows and columns, and the same in one row of tokens, are read for each other; by a sum or
    # product too, where all that it reads are as many.
    beside = is_op(flat, {"Attention", "Join", "Tuple"})[v] & (flat.slots() > 0)
    whole = {name: c[name].astype(np.int64) for name in ("h_in", "h_out", "w_in", "w_out")}
    pixels = (whole["h_in"] * whole["w_in"])[v] == (whole["h_out"] * whole["w_out"])[u]
    many = np.logical_and.reduceat(pixels, starts)
    alike = np.zeros(flat.nodes, dtype=bool)
    alike[targets] = many & elementwise[targets]
    pixels &= alike[v] | ~(elementwise | concat)[v]
    for axis in "hwc":
        given, taken = c[f"{axis}_out"][u].astype(np.int64), c[f"{axis}_in"].astype(np.int64)
        cut = given - taken[v]
        wrong = cut < 0
        if axis != "c":
            wrong = (wrong | ((cut > 1) & ~spread[v])) & ~pixels
        wrong &= ~beside
        bad[:] = False
        bad[v[wrong]] = True
        shown = (f"{axis}_in", f"{axis}_out")
        _fail(flat, bad & ~concat, _misfit(flat, bad & ~concat, axis), *shown)
        low = np.minimum.reduceat(given, starts)
        high = np.maximum.reduceat(given, starts)
        bad[:] = False
        # All inputs of a sum may be cut to fewer channels (NB-101 cuts them before it adds).
        fewer = is_op(flat, {"Add"})[targets] & (axis == "c") & (taken[targets] < low)
        low = np.where(fewer, taken[targets], low)
        if axis != "c":
            low, high = (np.where(alike[targets], taken[targets], end) for end in (low, high))
        bad[targets] = low != taken[targets]
        _fail(flat, bad & elementwise, "reads the smallest of its inputs", *shown)
        result = np.where(spread[targets] & (axis != "c"), high, low)
        bad[:] = False
        bad[targets] = c[f"{axis}_out"][targets] != result
        _fail(flat, bad & elementwise, "does not put out what its inputs give", *shown)
        bad[:] = False
        if axis == "c":
            bad[targets] = (given[starts] != taken[targets]) | (
                np.add.reduceat(given, starts) != c["c_out"][targets]
            )
        else:
            bad[targets] = (low != high) | (low != taken[targets])
            bad |= c[f"{axis}_in"] != c[f"{axis}_out"]
        _fail(flat, bad & concat, "does not concatenate its inputs along channels", *shown)


def _misfit(flat: Flat, bad: np.ndarray, axis: str) -> str:
    """Say which source gives a size that the first bad node cannot read."""
    if not bad.any():
        return ""
    node = int(np.argmax(bad))
    sources = flat.source[flat.target == node]
    given = ", ".join(
        f"node {flat.number(int(s))} ({vocab.OPS[int(flat.columns['op'][s])]}) gives "
        f"{int(flat.columns[f'{axis}_out'][s])}"
        for s in sources
    )
    what = {"h": "rows", "w": "columns", "c": "channels"}[axis]
    allowed = "more" if axis == "c" else "one more"
    return f"what it reads has other {what}: {given}, where as many or {allowed} may be given"
