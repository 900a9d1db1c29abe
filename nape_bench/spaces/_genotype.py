"""Genotypes of the DARTS space as plain JSON and as text (Liu et al., DARTS, ICLR 2019).

Nothing is ever evaluated: `Genotype(...)` as DARTS prints it is read from its syntax tree.
"""

from __future__ import annotations

import ast
import re
from typing import Any

from nape_bench.errors import SpecError
from nape_bench.registry import unknown_name
from nape_bench.spaces.base import Spec, read_literal

CODES = {
    "max_pool_3x3": "m3", "avg_pool_3x3": "a3", "skip_connect": "sk", "sep_conv_3x3": "s3",
    "sep_conv_5x5": "s5", "dil_conv_3x3": "d3", "dil_conv_5x5": "d5", "none": "no",
    "sep_conv_7x7": "s7",
}  # fmt: skip
"""Short name of each operation."""
OPS = tuple(CODES)[:7]
"""The operations that NAS-Bench-301 draws from."""
NONE = "none"

INPUTS = 2
STATES = 4
PAIRS = 2 * STATES
CONCAT = [2, 3, 4, 5]
"""The states of the usual output: all that a cell computes."""

_FIELDS = ("normal", "normal_concat", "reduce", "reduce_concat")
_COMPACT = re.compile(r"[a-z0-9.+/]+_[a-z0-9.+/]+(_[0-9]+){0,2}")


def normal_form(value: Any) -> Spec:
    """Return a genotype in the one way in which it is stored.

    Args:
        value: A dictionary with `normal` and `reduce`, eight (operation, input) pairs each or
            four twos of them, and `concat` or DARTS' `normal_concat` and `reduce_concat`.

    Returns:
        `{"normal": [[op, input], ...], "reduce": [...], "concat": [...]}`, the two pairs of a
        state in order of input, and `reduce_concat` only where it differs from `concat`.

    Raises:
        SpecError: It is no genotype of four states; the message says why.
    """
    if not isinstance(value, dict) or not {"normal", "reduce"} <= set(value):
        raise SpecError(f"nb301: a genotype has normal and reduce cells; not so {value!r}")
    unknown = [key for key in value if key not in (*_FIELDS, "concat")]
    if unknown:
        raise SpecError(f"nb301: a genotype has no {unknown[0]!r}, only {', '.join(_FIELDS)}")
    concat = _concat(value.get("concat", value.get("normal_concat", CONCAT)))
    spec = {
        "normal": _pairs(value["normal"], "normal"),
        "reduce": _pairs(value["reduce"], "reduce"),
        "concat": concat,
    }
    reduce_concat = _concat(value.get("reduce_concat", concat))
    return spec if reduce_concat == concat else {**spec, "reduce_concat": reduce_concat}


def to_text(spec: Spec) -> str:
    """Return a genotype in normal form as one short line, which `from_text` reads back.

    "s3.0+s5.1/a3.0+d5.2/..._m3.0+...": a pair is operation (`CODES`) and input, those of a state
    are joined by "+", states by "/", the normal and the reduction cell by "_". A concat other
    than [2, 3, 4, 5] follows as in "_345", and after it the reduction cell's where it differs.
    """
    cells = [
        "/".join(
            f"{CODES[op]}.{source}+{CODES[op2]}.{source2}"
            for (op, source), (op2, source2) in zip(cell[::2], cell[1::2], strict=True)
        )
        for cell in (spec["normal"], spec["reduce"])
    ]
    concats = [spec["concat"]] if spec["concat"] != CONCAT or "reduce_concat" in spec else []
    if "reduce_concat" in spec:
        concats.append(spec["reduce_concat"])
    return "_".join([*cells, *("".join(map(str, concat)) for concat in concats)])


def from_text(text: str) -> Any:
    """Read `to_text`'s line, JSON, a Python literal or DARTS' `Genotype(...)`.

    Returns:
        What `normal_form` takes.

    Raises:
        SpecError: The text is none of these.
    """
    text = text.strip()
    if _COMPACT.fullmatch(text):
        normal, reduction, *concats = text.split("_")
        return {
            "normal": [_pair(pair) for pair in re.split("[+/]", normal)],
            "reduce": [_pair(pair) for pair in re.split("[+/]", reduction)],
            **{
                key: [int(digit) for digit in digits]
                for key, digits in zip(("concat", "reduce_concat"), concats, strict=False)
            },
        }
    value = _genotype(text) if re.match(r"[\w.]*Genotype\s*\(", text) else read_literal(text)
    if isinstance(value, str):
        raise SpecError(
            'nb301: "Genotype(normal=..., ...)", JSON or a line such as '
            f'"s3.0+s5.1/a3.0+d5.2/.../..._.../.../.../..." expected, not {text!r}'
        )
    return value


def _pair(text: str) -> list[Any]:
    code, _, source = text.partition(".")
    names = {short: op for op, short in CODES.items()}
    if code not in names or not source.isdecimal():
        raise SpecError(
            f"nb301: an operation and its input expected, as in s3.0, not {text!r}: "
            f"operations are {', '.join(f'{c} {op}' for op, c in CODES.items())}"
        )
    return [names[code], int(source)]


def _genotype(text: str) -> dict[str, Any]:
    """Read the arguments of `Genotype(...)`: literals, and ranges for the concats."""
    try:
        call = ast.parse(text, mode="eval").body
        if not isinstance(call, ast.Call) or len(call.args) > len(_FIELDS):
            raise ValueError("it is no call with four arguments")
        if any(keyword.arg is None for keyword in call.keywords):
            raise ValueError("its arguments are not written out")
        nodes = dict(zip(_FIELDS, call.args, strict=False))
        nodes.update({str(keyword.arg): keyword.value for keyword in call.keywords})
        return {name: _literal(node) for name, node in nodes.items()}
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise SpecError(f"nb301: {text!r} cannot be read as a genotype: {error}") from None


def _literal(node: ast.expr) -> Any:
    """Read a literal, `range(2, 6)` or `list(range(2, 6))`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        values = [_literal(argument) for argument in node.args]
        if node.func.id == "list" and len(values) == 1:
            return values[0]
        if node.func.id == "range":
            return list(range(*values)[: INPUTS + STATES])
    return ast.literal_eval(node)


def _pairs(value: Any, cell: str) -> list[list[Any]]:
    """Check the pairs of a cell, and put the two of each state in order of input."""
    pairs = value
    if isinstance(value, (list, tuple)) and len(value) == STATES:
        pairs = [pair for both in value if isinstance(both, (list, tuple)) for pair in both]
    if not isinstance(pairs, (list, tuple)) or len(pairs) != PAIRS:
        raise SpecError(
            f"nb301: {PAIRS} (operation, input) pairs expected in {cell}, not {value!r}"
        )
    for i, pair in enumerate(pairs):
        if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not isinstance(pair[0], str):
            raise SpecError(f"nb301: {cell}[{i}] is {pair!r}, not an (operation, input) pair")
        if pair[0] not in CODES:
            raise SpecError(f"nb301: {cell}[{i}]: {unknown_name('operation', pair[0], CODES)}")
        if type(pair[1]) is not int or not 0 <= pair[1] < INPUTS + i // 2:
            raise SpecError(
                f"nb301: {cell}[{i}] reads {pair[1]!r}; state {INPUTS + i // 2} reads one of 0 to "
                f"{INPUTS + i // 2 - 1}"
            )
    return [
        [op, source]
        for i in range(0, PAIRS, 2)
        for op, source in sorted(pairs[i : i + 2], key=lambda pair: (pair[1], pair[0]))
    ]


def _concat(value: Any) -> list[int]:
    """Check and sort the states that a cell puts out."""
    good = isinstance(value, (list, tuple, range)) and 0 < len(value) <= STATES
    states = list(value) if good else []
    known = all(isinstance(s, int) and s in CONCAT for s in states)
    if not states or not known or len(set(states)) < len(states):
        raise SpecError(f"nb301: concat names different states of {CONCAT}, not {value!r}")
    return sorted(states)
