"""What a picture says of a node: its row in a box, the text on hover, and its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.graph.vocabulary import (
    ACTIVATIONS,
    COLUMNS,
    CONVOLUTIONS,
    NORMALISATIONS,
    OPS,
    POOLS,
    REDUCTIONS,
    UNORDERED,
    WEIGHTED,
)

if TYPE_CHECKING:
    from nape_bench.graph.arch_graph import ArchGraph

KINDS: dict[str, tuple[str, str]] = {
    "convolution": ("#cfe0fb", "#1f4a86"),
    "dense layer": ("#d9d2f5", "#4b3a8c"),
    "normalisation": ("#e4e7eb", "#434c59"),
    "activation": ("#fbdcc9", "#86411a"),
    "pooling": ("#cdeedd", "#1c6443"),
    "combination": ("#fbeeb5", "#6f5a0c"),
    "input, output": ("#c9d1da", "#5b6877"),
    "other": ("#f3d0e3", "#7c2857"),
}
"""Kinds of operations, in the order of the legend: colour on white, and on black."""


def kind_of(op: str) -> str:
    """Return the kind of an operation."""
    groups = {
        "convolution": CONVOLUTIONS | {"Deconv"},
        "dense layer": (WEIGHTED - CONVOLUTIONS) | {"Attention"},
        "normalisation": NORMALISATIONS,
        "activation": ACTIVATIONS,
        "pooling": POOLS | REDUCTIONS,
        "combination": UNORDERED | {"Join"},
        "input, output": {"Input", "Output"},
    }
    return next((kind for kind, ops in groups.items() if op in ops), "other")


def row_text(row: dict[str, int]) -> str:
    """Return the text of a node in its box: "Conv 3×3 /2 → 64"."""
    op = OPS[row["op"]]
    words = [op]
    if row["kernel_h"]:
        words.append(f"{row['kernel_h']}×{row['kernel_w']}")
    if row["dilation"] > 1:
        words.append(f"dilated {row['dilation']}")
    if op == "Conv" and row["groups"] > 1:
        words.append(f"in {row['groups']}")
    strides = (row["stride_h"], row["stride_w"])
    if strides != (1, 1):
        words.append(
            f"/{strides[0]}" if strides[0] == strides[1] else f"/{strides[0]}×{strides[1]}"
        )
    if op in ("Conv", "MatMul", "Concat"):
        words.append(f"→ {row['c_out']}")
    if op in ("Input", "Output"):
        words.append(f"{row['h_out']}×{row['w_out']}×{row['c_out']}")
    return " ".join(words)


def hover_text(number: int, row: dict[str, int], flops: int, params: int) -> str:
    """Return the text on hover over a node: its shapes, settings and cost."""
    read, put_out = (
        " × ".join(str(row[f"{axis}_{side}"]) for axis in "hwc") for side in ("in", "out")
    )
    lines = [f"{number} {OPS[row['op']]}", f"{read} → {put_out} (height × width × channels)"]
    if row["kernel_h"]:
        lines.append(
            f"kernel {row['kernel_h']} × {row['kernel_w']}, stride {row['stride_h']} × "
            f"{row['stride_w']}, dilation {row['dilation']}, groups {row['groups']}"
        )
    if OPS[row["op"]] in WEIGHTED:
        lines.append("with bias" if row["bias"] else "without bias")
    if flops or params:
        lines.append(f"{flops:,} multiply-adds, {params:,} parameters")
    return "\n".join(lines)


def rows_of(graph: ArchGraph) -> list[dict[str, int]]:
    """Return the columns of each node by name."""
    return [dict(zip(COLUMNS, values, strict=True)) for values in graph.nodes.tolist()]
