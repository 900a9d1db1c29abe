"""Specifications of Two-Path: drawn, changed, checked, and read from and written as text.

Inside, a path is a list of blocks, each its operations and whether it halves the resolution.
"""

from __future__ import annotations

import operator
from math import comb
from typing import TYPE_CHECKING, Any

from nape_bench.errors import SpecError
from nape_bench.spaces._paths import Vocabulary

if TYPE_CHECKING:
    import numpy as np

Path = list[tuple[list[str], bool]]

PATHS = ("path1", "path2")
BLOCKS_A_PATH = (2, 3, 4)
OPS_A_BLOCK = (1, 2, 3)
REDUCTIONS = 2
MARK = "/2"
"""Stands behind a block that halves the resolution."""

WORDS = Vocabulary(
    "two_path",
    conv={
        "conv3x3": "c3",
        "double3x3": "cc3",
        "conv5x5": "c5",
        "bottleneck-r2-k3": "r2k3",
        "bottleneck-r4-k3": "r4k3",
        "bottleneck-e2-k3": "e2k3",
        "inception_s3x3": "s3",
        "inception_s5x5": "s5",
    },
    supp={
        "conv1x1": "c1",
        "bottleneck-r2-k1": "r2k1",
        "bottleneck-e2-k1": "e2k1",
        "avgpool3x3": "avg3",
        "maxpool3x3": "max3",
    },
)


def count_specs() -> int:
    """Return the number of specifications, the two paths in order."""
    block = sum([WORDS.sequences(length) for length in OPS_A_BLOCK])
    path = sum([comb(blocks, REDUCTIONS) * block**blocks for blocks in BLOCKS_A_PATH])
    return int(path ** len(PATHS))


def draw_path(rng: np.random.Generator) -> Path:
    """Draw a path as the authors do: its length, block lengths and reductions uniformly."""
    count = int(rng.choice(BLOCKS_A_PATH))
    reducing = rng.permutation(count)[:REDUCTIONS]
    return [(_draw_block(rng), i in reducing) for i in range(count)]


def change_path(path: Path, rng: np.random.Generator) -> Path:
    """Return a path with one operation changed, a block more or less, or a reduction moved."""
    changes = [_change_operation]
    if len(path) > REDUCTIONS:
        changes += [_move_reduction, _drop_block]
    if len(path) < max(BLOCKS_A_PATH):
        changes.append(_add_block)
    return changes[rng.integers(len(changes))](path, rng)


def to_spec(paths: list[Path]) -> dict[str, Any]:
    """Return the specification of two paths, as the authors write it."""
    blocks = {
        name: [{"op_names": ops, "op_types": WORDS.types(ops)} for ops, _ in path]
        for name, path in zip(PATHS, paths, strict=True)
    }
    reducing = {
        f"{name}_reduce_inds": [i for i, (_, reduces) in enumerate(path) if reduces]
        for name, path in zip(PATHS, paths, strict=True)
    }
    return {**blocks, **reducing}


def paths_of(spec: dict[str, Any]) -> list[Path]:
    """Return the paths of a specification in normal form, unchecked."""
    return [
        [(b["op_names"], i in spec[f"{name}_reduce_inds"]) for i, b in enumerate(spec[name])]
        for name in PATHS
    ]


def to_text(paths: list[Path]) -> str:
    """Return two paths as one line, "r2k3.s5/2-c3-c5/2_c3/2-max3.c5/2"."""
    texts = [[WORDS.write(ops) + MARK * reduces for ops, reduces in path] for path in paths]
    return "_".join(["-".join(blocks) for blocks in texts])


def read_paths(value: Any) -> list[Path]:
    """Read the paths of a specification, or of what `to_text` gives.

    Raises:
        SpecError: Something is not as the space has it; the message says where.
    """
    if isinstance(value, str):
        value = _from_text(value)
    keys = {*PATHS, *(f"{name}_reduce_inds" for name in PATHS)}
    if not isinstance(value, dict) or set(value) != keys:
        shown = sorted(map(str, value)) if isinstance(value, dict) else repr(value)
        raise SpecError(
            f"two_path: a dictionary of {', '.join(sorted(keys))} expected, not {shown}"
        )
    return [_read_path(name, value[name], value[f"{name}_reduce_inds"]) for name in PATHS]


def _draw_block(rng: np.random.Generator) -> list[str]:
    return WORDS.draw(int(rng.choice(OPS_A_BLOCK)), rng)


def _change_operation(path: Path, rng: np.random.Generator) -> Path:
    at = int(rng.integers(len(path)))
    ops, reduces = path[at]
    return [*path[:at], (WORDS.edit(ops, max(OPS_A_BLOCK), rng), reduces), *path[at + 1 :]]


def _move_reduction(path: Path, rng: np.random.Generator) -> Path:
    reducing, plain = _positions(path, reduces=True), _positions(path, reduces=False)
    swap = (reducing[rng.integers(len(reducing))], plain[rng.integers(len(plain))])
    return [(ops, reduces ^ (i in swap)) for i, (ops, reduces) in enumerate(path)]


def _drop_block(path: Path, rng: np.random.Generator) -> Path:
    plain = _positions(path, reduces=False)
    at = plain[rng.integers(len(plain))]
    return [*path[:at], *path[at + 1 :]]


def _add_block(path: Path, rng: np.random.Generator) -> Path:
    at = int(rng.integers(len(path) + 1))
    return [*path[:at], (_draw_block(rng), False), *path[at:]]


def _positions(path: Path, *, reduces: bool) -> list[int]:
    return [i for i, (_, does) in enumerate(path) if does == reduces]


def _read_path(name: str, blocks: Any, reducing: Any) -> Path:
    low, high = min(BLOCKS_A_PATH), max(BLOCKS_A_PATH)
    if not isinstance(blocks, (list, tuple)) or not low <= len(blocks) <= high:
        raise SpecError(f"two_path: {name} has {low} to {high} blocks, not {blocks!r}")
    try:
        halving = {int(operator.index(i)) for i in reducing}
    except TypeError:
        halving = set()
    if len(halving) != REDUCTIONS or not halving <= set(range(len(blocks))):
        raise SpecError(
            f"two_path: {name}_reduce_inds are the {REDUCTIONS} positions of the blocks of {name} "
            f"that reduce, from 0 to {len(blocks) - 1}, not {reducing!r}"
        )
    return [(_read_block(b, f"{name}, block {i}"), i in halving) for i, b in enumerate(blocks)]


def _read_block(block: Any, where: str) -> list[str]:
    if not isinstance(block, dict) or "op_names" not in block:
        raise SpecError(f"two_path: {where}: a dictionary with op_names expected, not {block!r}")
    ops = WORDS.read(block["op_names"], block.get("op_types"), where)
    if len(ops) > max(OPS_A_BLOCK):
        raise SpecError(f"two_path: {where}: at most {max(OPS_A_BLOCK)} operations, not {len(ops)}")
    return ops


def _from_text(text: str) -> dict[str, Any]:
    paths = [path.split("-") for path in text.split("_")]
    if len(paths) != len(PATHS):
        raise SpecError(
            'two_path: two paths as in "r2k3.s5/2-c3-c5/2_c3/2-max3.c5/2" expected, joined by '
            f'"_", not {text!r}'
        )
    spec: dict[str, Any] = {}
    for name, blocks in zip(PATHS, paths, strict=True):
        spec[name] = [{"op_names": block.removesuffix(MARK).split(".")} for block in blocks]
        spec[f"{name}_reduce_inds"] = [i for i, t in enumerate(blocks) if t.endswith(MARK)]
    return spec
