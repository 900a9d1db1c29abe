"""Cells of NAS-Bench-101 as plain JSON and as text: reading, checking, pruning, changing them.

A cell is `{"matrix": [[0, 1, ...], ...], "ops": ["input", ..., "output"]}`: vertices in
topological order, an upper triangular matrix with 1 where a vertex (row) is read by another
(column), and the operation of each vertex (Ying et al., NAS-Bench-101, ICML 2019, section 2).
"""

from __future__ import annotations

import itertools
import re
from itertools import compress
from typing import TYPE_CHECKING, Any

from nape_bench.errors import SpecError
from nape_bench.registry import unknown_name
from nape_bench.spaces.base import Spec, read_literal

if TYPE_CHECKING:
    from collections.abc import Iterator

INPUT, OUTPUT = "input", "output"
OPS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
MAX_VERTICES = 7
MAX_EDGES = 9

_INITIALS = dict(zip((INPUT, *OPS, OUTPUT), "i31mo", strict=True))
_KEYS = (("matrix", "ops"), ("adjacency", "ops"), ("module_adjacency", "module_operations"))
_COMPACT = re.compile(r"(i[31m]*o)-([01]+(?:\.[01]+)*)")


def normal_form(value: Any) -> Spec:
    """Return matrix and operations of a cell, checked; nothing is pruned.

    Args:
        value: A dictionary with `matrix` (or `adjacency`, or `module_adjacency`) and `ops` (or
            `module_operations`), or a pair of the two in either order; operations may be short
            ("conv3x3").

    Raises:
        SpecError: It is no cell, or what is on a path breaks a limit; the message says which.
    """
    matrix, ops = _parts(value)
    spec = {"matrix": _checked_matrix(matrix), "ops": _checked_ops(ops, len(matrix))}
    rest = pruned(spec)
    if not rest["ops"]:
        raise SpecError(f"nb101: no path leads from input to output in {matrix!r}")
    if not _valid(rest):
        raise SpecError(
            f"nb101: {len(rest['ops'])} vertices and {_edges(rest)} edges are on paths; a cell "
            f"has at most {MAX_VERTICES} and {MAX_EDGES}"
        )
    return spec


def pruned(spec: Spec) -> Spec:
    """Leave out vertices that are on no path from input to output: all where there is none."""
    matrix: list[list[int]] = spec["matrix"]
    n = len(matrix)
    entered = [any(column) for column in zip(*matrix, strict=True)]
    if all(map(any, matrix[:-1])) and all(entered[1:]):  # then each is on a path
        return {"matrix": list(map(list, matrix)), "ops": list(spec["ops"])}
    after = {0}
    for v in range(n - 1):
        if v in after:
            after.update(compress(range(n), matrix[v]))
    before = {n - 1}
    for v in range(n - 2, -1, -1):
        if not before.isdisjoint(compress(range(n), matrix[v])):
            before.add(v)
    kept = sorted(after & before)
    return {
        "matrix": [[matrix[v][w] for w in kept] for v in kept],
        "ops": [spec["ops"][v] for v in kept],
    }


def valid(spec: Spec) -> Spec | None:
    """Return the pruned cell, or None where it has no path or breaks a limit."""
    rest = pruned(spec)
    return rest if _valid(rest) else None


def to_text(spec: Spec) -> str:
    """Return a cell as one short line, which `from_text` reads back: "i1m3o-1101.011.01.1".

    Operations are i (input), 3 and 1 (convolutions), m (pool) and o (output); then stands for
    each vertex but the last which of the later vertices read it (the upper triangle, row by row).
    """
    rows = ["".join(map(str, row[i + 1 :])) for i, row in enumerate(spec["matrix"][:-1])]
    return "".join(_INITIALS[op] for op in spec["ops"]) + "-" + ".".join(rows)


def from_text(text: str) -> Any:
    """Read `to_text`'s line, JSON or a Python literal: what `normal_form` takes.

    Raises:
        SpecError: The text is none of these.
    """
    compact = _COMPACT.fullmatch(text.strip())
    if compact is None:
        value = read_literal(text)
        if isinstance(value, str):
            raise SpecError(
                'nb101: a line such as "i1m3o-1101.011.01.1" or JSON such as {"matrix": [[0, 1], '
                f'[0, 0]], "ops": ["input", "output"]}} expected, not {text!r}'
            )
        return value
    initials, rows = compact[1], compact[2].split(".")
    n = len(initials)
    if [len(row) for row in rows] != list(range(n - 1, 0, -1)):
        raise SpecError(
            f"nb101: {text!r} has {n} vertices, hence {n - 1} rows of {n - 1} to 1 bits"
        )
    names = {initial: op for op, initial in _INITIALS.items()}
    return {
        "matrix": [[0] * (n - len(row)) + [int(bit) for bit in row] for row in rows] + [[0] * n],
        "ops": [names[initial] for initial in initials],
    }


def neighbours(spec: Spec) -> Iterator[Spec]:
    """Go through the valid cells, pruned, that are one change away from a pruned one.

    A change is another operation, an edge more or less (with what is on no path then), or a new
    vertex in the middle of an edge. None of them is isomorphic to `spec`.
    """
    matrix, ops = spec["matrix"], spec["ops"]
    n = len(ops)
    pairs = list(itertools.combinations(range(n), 2))
    changed = [
        *((matrix, [*ops[:v], op, *ops[v + 1 :]]) for v in range(1, n - 1) for op in OPS),
        *((_toggled(matrix, x, y), ops) for x, y in pairs),
        *(
            (_inserted(matrix, x, y), [*ops[:y], op, *ops[y:]])
            for x, y in pairs
            if matrix[x][y]
            for op in OPS
        ),
    ]
    for candidate in changed:
        rest = valid({"matrix": candidate[0], "ops": candidate[1]})
        if rest is not None and rest != spec:
            yield rest


def _toggled(matrix: list[list[int]], x: int, y: int) -> list[list[int]]:
    rows = [row.copy() for row in matrix]
    rows[x][y] = 1 - rows[x][y]
    return rows


def _inserted(matrix: list[list[int]], x: int, y: int) -> list[list[int]]:
    """Put a new vertex, the y-th, in the middle of edge (x, y)."""
    rows = [[*row[:y], 0, *row[y:]] for row in matrix]
    rows.insert(y, [0] * (len(matrix) + 1))
    rows[x][y + 1], rows[x][y], rows[y][y + 1] = 0, 1, 1
    return rows


def _valid(rest: Spec) -> bool:
    return 0 < len(rest["ops"]) <= MAX_VERTICES and _edges(rest) <= MAX_EDGES


def _edges(spec: Spec) -> int:
    return sum(map(sum, spec["matrix"]))


def _parts(value: Any) -> tuple[Any, Any]:
    """Return matrix and operations from a dictionary or a pair of them."""
    if isinstance(value, dict):
        for keys in _KEYS:
            if set(value) == set(keys):
                return value[keys[0]], value[keys[1]]
    elif isinstance(value, (list, tuple)) and len(value) == 2:
        first, second = value
        names_first = isinstance(first, (list, tuple)) and len(first) > 0
        return (second, first) if names_first and isinstance(first[0], str) else (first, second)
    raise SpecError(f"nb101: a dictionary of matrix and ops expected, not {value!r}")


def _checked_matrix(matrix: Any) -> list[list[int]]:
    """Return the matrix as lists of 0 and 1, or raise `SpecError`."""
    if not isinstance(matrix, (list, tuple)) or len(matrix) < 2:
        raise SpecError(f"nb101: a matrix of two rows or more expected, not {matrix!r}")
    rows = []
    for i, row in enumerate(matrix):
        if not isinstance(row, (list, tuple)) or len(row) != len(matrix):
            raise SpecError(f"nb101: row {i} of a square matrix of {len(matrix)} is {row!r}")
        if row.count(0) + row.count(1) != len(row):
            raise SpecError(f"nb101: row {i} of the matrix holds other than 0 and 1: {row!r}")
        if any(row[: i + 1]):
            raise SpecError(f"nb101: row {i} is {row!r}: entries are 0 up to the diagonal")
        rows.append(list(map(int, row)))
    return rows


def _checked_ops(ops: Any, vertices: int) -> list[str]:
    """Return the operations by their full names, or raise `SpecError`."""
    if not isinstance(ops, (list, tuple)) or len(ops) != vertices:
        raise SpecError(f"nb101: {vertices} operations, one a vertex, expected, not {ops!r}")
    if ops[0] != INPUT or ops[-1] != OUTPUT:
        raise SpecError(f"nb101: operations are 'input', ..., 'output', not {list(ops)!r}")
    names = []
    for op in ops[1:-1]:
        name = op if op in OPS else f"{op}-bn-relu"
        if name not in OPS:
            raise SpecError(f"nb101: {unknown_name('operation', str(op), OPS)}")
        names.append(name)
    return [INPUT, *names, OUTPUT]
