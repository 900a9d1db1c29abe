"""Operation names and node columns: what a node of a graph can say.

The first 32 operations stand at the indices of GENNAPE's vocabulary (Mills et al., AAAI 2023; the
authors' released word list, with the out-of-vocabulary class at 0). Ours come after them and are
only ever appended, since stored graphs name operations by index.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from nape_bench.registry import unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping

OPS: tuple[str, ...] = (
    "OOV", "Input", "Output", "Conv", "Depthwise", "BatchNorm", "ReLU", "ReLU6",
    "MatMul", "Add", "Mul", "Concat", "Maxpool", "Avgpool", "Sigmoid", "Tanh",
    "Swish", "GeLU", "Paddings", "Mean", "SpacetoBatchND", "BatchtoSpaceND",
    "SpacetoDepthND", "DepthtoSpaceND", "Global", "Identity", "Zero",
    "Reserved1", "Reserved2", "Reserved3", "Reserved4", "Reserved5",
    "Attention", "LayerNorm", "GroupNorm", "RMSNorm", "L2Norm", "Softmax",
    "Scale", "Bias", "Scalar", "Embedding", "Tokens",
    "Leading", "Trailing", "Join", "Broadcast", "Transpose", "Shuffle", "Roll",
    "Resize", "Deconv", "LeakyReLU", "PReLU", "ELU", "SELU", "Mish", "HardSigmoid", "Tuple",
)  # fmt: skip
"""Name of each operation; the position is its index.

Ours, after GENNAPE's 32, are for networks of any kind:

- Attention: softmax(q k / sqrt d) v with `groups` heads. It reads one node that holds q, k and v
  side by side, or (q, k and v), (q and k, v), or (q, k, v). `kernel` is the window of keys that
  a query attends to, 0 where it is all; `dilation` the distance of a window's pixels.
  Where channels attend to each other, it stands between Transposes, a head a window of channels.
- LayerNorm, RMSNorm, L2Norm: over channels, in `groups` groups; GroupNorm: over pixels too.
- Scale, Bias: times or plus a learned vector over channels. Scalar: times, plus or to the power of
  a number, which is not kept. Embedding: plus a learned tensor, such as positions.
- Tokens: learned tokens, put before the others. Join: tokens of several nodes, one after another.
- Leading, Trailing: a slice that keeps the first, or the last, rows, columns and channels, where it
  is not one that any node may read without (`ArchGraph`).
- Broadcast: what has size 1 along an axis, repeated. Transpose: pixels and channels change places.
  Shuffle: channels, in `groups` groups, interleaved. Roll: rows and columns, moved by `kernel`
  cyclically. Resize: interpolation. Deconv: transposed convolution.
- Tuple: where a network has several outputs, what its Output reads; its sizes are the first's.
"""

GENNAPE_OPS = 32
"""How many operations GENNAPE's vocabulary has, OOV among them."""

OP_INDEX: Mapping[str, int] = MappingProxyType({name: index for index, name in enumerate(OPS)})
"""Index of each operation name."""

COLUMNS: tuple[str, ...] = (
    "op", "h_in", "h_out", "w_in", "w_out", "c_in", "c_out", "kernel_h", "kernel_w",
    "stride_h", "stride_w", "dilation", "groups", "bias",
)  # fmt: skip
"""What is stored of a node, in the order of the columns of `ArchGraph.nodes`.

`op` is an index into `OPS`; sizes are in pixels (tokens) and channels; kernel is 0 where the
operation has none, stride, dilation and groups are then 1; `bias` is 0 or 1.
"""

COLUMN_INDEX: Mapping[str, int] = MappingProxyType({name: i for i, name in enumerate(COLUMNS)})

COLUMN_DTYPES: Mapping[str, str] = MappingProxyType(
    {
        "op": "uint8",
        **dict.fromkeys(("h_in", "h_out", "w_in", "w_out"), "int16"),
        **dict.fromkeys(("c_in", "c_out", "groups"), "int32"),
        **dict.fromkeys(("kernel_h", "kernel_w", "stride_h", "stride_w", "dilation"), "uint8"),
        "bias": "uint8",
    }
)
"""Numpy dtype of each column where many graphs are packed (`GraphTable`, Parquet)."""

_BITS = {"uint8": 8, "int16": 15, "int32": 31}
COLUMN_LIMITS: Mapping[str, int] = MappingProxyType(
    {name: 2 ** _BITS[dtype] - 1 for name, dtype in COLUMN_DTYPES.items()}
)
"""Greatest value that each column can hold."""

SIZES = frozenset({"h_in", "h_out", "w_in", "w_out", "c_in", "c_out"})
"""Columns that are sizes of tensors: at least 1."""

ELEMENTWISE = frozenset({"Add", "Mul"})
"""Operations over two or more tensors of one shape (or one that broadcasts)."""

UNORDERED = frozenset({"Add", "Mul", "Concat"})
"""Operations whose inputs are a multiset: their order does not name another network."""

CONVOLUTIONS = frozenset({"Conv", "Depthwise"})
POOLS = frozenset({"Maxpool", "Avgpool"})
REDUCTIONS = frozenset({"Mean", "Global"})
WEIGHTED = frozenset({"Conv", "Depthwise", "MatMul"})
"""Operations with a weight tensor (GENNAPE's weighted nodes)."""

BIASED = WEIGHTED | {"Deconv"}
"""Operations that may have a bias."""

ACTIVATIONS = frozenset(
    {"ReLU", "ReLU6", "Sigmoid", "Tanh", "Swish", "GeLU"}
    | {"LeakyReLU", "PReLU", "ELU", "SELU", "Mish", "HardSigmoid"}
)
NORMALISATIONS = frozenset({"BatchNorm", "LayerNorm", "GroupNorm", "RMSNorm", "L2Norm"})

POINTWISE = (
    ACTIVATIONS
    | NORMALISATIONS
    | {"Zero", "Input", "Output", "Softmax", "Scale", "Bias", "Scalar", "Embedding", "Roll"}
)
"""Operations whose output has the shape of their input."""

GROUPED = BIASED | (NORMALISATIONS - {"BatchNorm"}) | {"Attention", "Shuffle"}
"""Operations with groups: of channels, or heads."""

RESHAPING = frozenset(
    {"Attention", "Tokens", "Leading", "Trailing", "Join", "Broadcast", "Transpose", "Shuffle"}
    | {"Roll", "Resize", "Deconv", "Tuple", "Embedding"}
)
"""Operations of ours whose sizes do not follow from the image's by a rule of a space."""

NOT_IN_NORMAL_FORM = frozenset(
    {"Identity", "Paddings", "SpacetoBatchND", "BatchtoSpaceND"}
    | {f"Reserved{i}" for i in range(1, 6)}
)
"""Vocabulary words that a graph in normal form never holds: importers fold them away."""


def op_index(name: str) -> int:
    """Return the index of an operation name, or raise `UnknownNameError` with the nearest."""
    try:
        return OP_INDEX[name]
    except KeyError:
        raise unknown_name("operation", name, OPS) from None
