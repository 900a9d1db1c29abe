"""The names that a pickle may use, and what each stands for here. Nothing is ever imported."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from nape_bench.data.pickles.values import Array, Dtype, Record

_GRAPHS = "model_src.comp_graph.tf_comp_graph"
_NUMPY = ("numpy.core.multiarray", "numpy._core.multiarray")
GENOTYPE_FIELDS = ("normal", "normal_concat", "reduce", "reduce_concat")


@dataclass(frozen=True)
class Symbol:
    """A name that is allowed: a token, not the thing that it names.

    Attributes:
        name: Module and name, with a dot between.
        use: What it may be used for: "record", "genotype", "range", "dtype", "scalar",
            "array", "ndarray", "mapping" or "bytes".
    """

    name: str
    use: str


_ALLOWED: dict[tuple[str, str], str] = {
    (_GRAPHS, "ComputeGraph"): "record",
    (_GRAPHS, "RegularNode"): "record",
    (_GRAPHS, "WeightedNode"): "record",
    ("model_src.darts.model_darts", "Genotype"): "genotype",
    ("builtins", "range"): "range",
    ("numpy", "dtype"): "dtype",
    ("numpy", "ndarray"): "ndarray",
    **{(module, "scalar"): "scalar" for module in _NUMPY},
    **{(module, "_reconstruct"): "array" for module in _NUMPY},
}

_PLAIN_VALUES: dict[tuple[str, str], str] = {
    ("collections", "OrderedDict"): "mapping",
    ("_codecs", "encode"): "bytes",
    **{key: use for key, use in _ALLOWED.items() if key[0].startswith("numpy")},
}
"""What files of plain values may use; protocol 2 writes bytes as text that is encoded."""

_SIZES = {"b": (1,), "i": (1, 2, 4, 8), "u": (1, 2, 4, 8), "f": (2, 4, 8)}
_RANGE = 1000


def find(module: Any, name: Any, *, plain_values: bool = False) -> Symbol:
    """Return the token of a name.

    Args:
        module: The module.
        name: The name in it.
        plain_values: Whether the file is one of plain values, not of the authors' graphs.

    Raises:
        ValueError: The name is not allowed.
    """
    named = isinstance(module, str) and isinstance(name, str)
    allowed = _PLAIN_VALUES if plain_values else _ALLOWED
    use = allowed.get((module, name)) if named else None
    if use is None:
        raise ValueError(
            f"the name {_short(module)}.{_short(name)} is refused: these files need only "
            f"{', '.join(sorted({'.'.join(key) for key in allowed}))}"
        )
    return Symbol(f"{module}.{name}", use)


def make(symbol: Any, arguments: Any) -> Any:
    """Return what a class makes of arguments (NEWOBJ): an empty record, or a genotype's.

    Raises:
        ValueError: It is no class of a record, or other arguments belong to it.
    """
    use = symbol.use if isinstance(symbol, Symbol) else ""
    if use == "record" and arguments == ():
        return Record(symbol.name.rpartition(".")[2])
    whole = isinstance(arguments, tuple) and len(arguments) == len(GENOTYPE_FIELDS)
    if use == "genotype" and whole:
        fields = dict(zip(GENOTYPE_FIELDS, arguments, strict=True))
        first = GENOTYPE_FIELDS[0]
        return Record("Genotype", (first, fields.pop(first)), fields)
    raise ValueError(f"an object of {_short(symbol)} made of {_short(arguments)} is refused")


def call(symbol: Any, arguments: Any, array_items: int) -> Any:
    """Return what a call (REDUCE) stands for: a range, a dtype, a number or an array to fill.

    Raises:
        ValueError: It may not be called, or not with these arguments.
    """
    use = symbol.use if isinstance(symbol, Symbol) else ""
    given = arguments if isinstance(arguments, tuple) and len(arguments) <= 3 else ()
    first = given[0] if given else None
    if use == "range" and _is_small_range(given):
        return range(*given)
    if use == "dtype" and given:
        return _dtype(first)
    if use == "scalar" and len(given) == 2 and isinstance(first, Dtype):
        return _items(first, (), given[1], array_items)
    if use == "mapping" and arguments == ():
        return {}
    if use == "bytes" and len(given) == 2 and isinstance(first, str) and given[1] == "latin1":
        return first.encode("latin1")
    if use == "array" and isinstance(first, Symbol) and first.use == "ndarray":
        return Array()
    raise ValueError(f"the call of {_short(symbol)} with {_short(arguments)} is refused")


def build(value: Any, state: Any, array_items: int) -> None:
    """Put the state of an object into it (BUILD).

    Raises:
        ValueError: It is no object that takes a state, has one, or the state is not of its kind.
    """
    if isinstance(value, Record) and value.label is None and isinstance(state, dict) and state:
        if all(isinstance(key, str) for key in state):
            value.label = next(iter(state.items()))
            value.rest = {key: state[key] for key in list(state)[1:]}
            return
    elif isinstance(value, Dtype) and isinstance(state, tuple) and len(state) >= 2:
        # Version, byte order; then what only structured dtypes have.
        plain = all(part is None or (type(part) is int and part <= 0) for part in state[2:])
        if isinstance(state[1], str) and state[1] in {"<", ">", "|"} and plain:
            value.order = state[1]
            return
    elif isinstance(value, Array) and isinstance(state, tuple) and len(state) == 5:
        _, shape, dtype, by_columns, content = state
        if value.values is None and isinstance(dtype, Dtype) and by_columns is False:
            value.values = _items(dtype, shape, content, array_items)
            return
    raise ValueError(f"the state {_short(state)} of {_short(value)} is refused")


def _is_small_range(given: tuple[Any, ...]) -> bool:
    numbers = bool(given) and _integers(given)
    return numbers and max(map(abs, given)) <= _RANGE and given[2:] != (0,)


def _dtype(text: Any) -> Dtype:
    kind, size = (text[:1], text[1:]) if isinstance(text, str) else ("", "")
    if not size.isdecimal() or len(size) > 1 or int(size) not in _SIZES.get(kind, ()):
        raise ValueError(f"the dtype {_short(text)} is refused: only numbers and bools are read")
    return Dtype(kind, int(size))


def _items(dtype: Dtype, shape: Any, content: Any, array_items: int) -> Any:
    """Return numbers from their bytes: one for the shape (), else nested lists."""
    import numpy as np

    good = isinstance(shape, tuple) and _integers(shape) and isinstance(content, bytes)
    if not good or len(shape) > 4 or any(not 0 <= size <= array_items for size in shape):
        raise ValueError(f"an array of shape {_short(shape)} and {_short(content)} is refused")
    items = math.prod(shape)
    # Without items there can still be many lists of none.
    most = math.prod(max(1, size) for size in shape)
    if most > array_items or items * dtype.size != len(content):
        raise ValueError(
            f"an array of shape {_short(shape)} of {dtype.size} bytes each in {len(content)} bytes"
            " is refused"
        )
    return np.frombuffer(content, np.dtype(dtype.text)).reshape(shape).tolist()


def _integers(values: tuple[Any, ...]) -> bool:
    return all(type(value) is int for value in values)


def _short(value: Any) -> str:
    """Say what a value is in a few words; what a file holds may be long, or hold itself."""
    if isinstance(value, Symbol):
        return value.name
    if isinstance(value, (str, bytes, int, float)) or value is None:
        text = repr(value[:60] if isinstance(value, (str, bytes)) else value)
        return text if len(text) <= 80 else f"{text[:80]}..."
    return f"a {type(value).__name__}"
