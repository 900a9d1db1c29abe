"""Quoted rows: what papers report of themselves, beside one of our protocols.

Our code scored none of them, so the board shows them apart from what it did, each with its source
and with what was done differently there. `leaderboard/quoted/` has a file a paper:

    paper: "GENNAPE (Mills et al., AAAI 2023)"
    differs: {fine_tuned: What several tables do differently, by a name.}   # optional
    tables:
      - table: "Table 5"
        metric: spearman
        differs: What they do differently, for all rows of this table; or fine_tuned.
        rows:
          - protocol: gennape/hiaml-ft50
            of: what they call it, where our protocol has one name for several (optional)
            differs: what else these few do differently (optional)
            values: {k-GNN: [0.4300, 0.0507], FLOPs: 0.277}   # [value, spread], or a value
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nape_bench.errors import DataError, NapeError
from nape_bench.evaluation.protocols import protocol
from nape_bench.evaluation.protocols.hardware import KNOWN, SEEN, TASKS
from nape_bench.evaluation.protocols.hardware import NAME as DEVICES
from nape_bench.leaderboard.checking.strict_yaml import read_yaml
from nape_bench.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVERY_DEVICE = "/*"
"""End of a protocol's name: the mean over the test devices of a task."""
BOUNDS = {
    "mae": (0.0, 100.0),
    "spearman": (-1.0, 1.0),
    "kendall": (-1.0, 1.0),
    "ndcg@10": (0.0, 1.0),
    "top10_overlap": (0.0, 1.0),
}
"""Lowest and highest value of each metric that papers report; errors are in percentage points."""


@dataclass(frozen=True)
class Quoted:
    """A number that a paper reports.

    Attributes:
        method: What was scored, in the paper's words.
        protocol: The protocol of ours that it stands beside; one of devices may end in `/*`, for
            the mean over a task's.
        metric: The name of the metric, as in `METRICS`.
        value: Its value.
        spread: What stands after ± there, or None.
        of: What the paper calls that on which it was measured, where our protocol has one name for
            several; else "".
        paper: Where it is from.
        table: The table of that paper.
        differs: What was done differently from the protocol, in sentences.
    """

    method: str
    protocol: str
    metric: str
    value: float
    spread: float | None
    of: str
    paper: str
    table: str
    differs: str


def read_quoted(path: Path) -> tuple[Quoted, ...]:
    """Read quoted numbers.

    Args:
        path: A file, or a folder of files `*.yaml`, read in the order of their names.

    Returns:
        All rows, in the order in which they stand.

    Raises:
        DataError: A file is not readable as YAML, lacks a key or has an unknown one; a protocol or
            a metric is unknown; a value is out of the metric's bounds; a number is given twice.
    """
    files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    if not files:
        raise DataError(f"{path}: no file *.yaml in it")
    found: dict[tuple[str, str, str, str], Quoted] = {}
    for file in files:
        for row in _rows(file):
            key = row.protocol, row.of, row.metric, row.method
            if key in found:
                raise DataError(
                    f"{file}: {row.method} on {row.protocol} has {row.metric} twice, in "
                    f"{row.table} and in {found[key].paper}, {found[key].table}"
                )
            found[key] = row
    return tuple(found.values())


def _rows(file: Path) -> Iterator[Quoted]:
    try:
        plain_file = read_yaml(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: not readable: {error}") from None
    data = _fields(plain_file, f"{file}", ("paper", "tables"), ("differs",))
    paper = _text(data["paper"], f"{file}: paper")
    named = data.get("differs", {})
    if not isinstance(named, dict):
        raise DataError(f"{file}: differs is {named!r}; names with sentences expected")
    for i, plain in enumerate(_list(data["tables"], f"{file}: tables")):
        at = f"{file}, table {i}"
        table = _fields(plain, at, ("table", "metric", "differs", "rows"))
        title, metric = (_text(table[name], f"{at}: {name}") for name in ("table", "metric"))
        shared = _sentence(table["differs"], named, f"{at}: differs")
        if metric not in METRICS or metric not in BOUNDS:
            raise DataError(f"{at}: metric {metric!r}; one of {', '.join(BOUNDS)} expected")
        for j, each in enumerate(_list(table["rows"], f"{at}: rows")):
            where = f"{at} ({title}), row {j}"
            row = _fields(each, where, ("protocol", "values"), ("of", "differs"))
            name = _text(row["protocol"], f"{where}: protocol")
            _check_protocol(name, where)
            of = _text(row["of"], f"{where}: of") if "of" in row else ""
            own = (
                [_sentence(row["differs"], named, f"{where}: differs")] if "differs" in row else []
            )
            values = row["values"]
            if not isinstance(values, dict) or not values:
                raise DataError(f"{where}: values is {values!r}; methods with numbers expected")
            for method, told in values.items():
                called = _text(method, f"{where}: method")
                value, spread = _number(told, metric, f"{where}, {called}")
                yield Quoted(
                    called, name, metric, value, spread, of, paper, title, " ".join([shared, *own])
                )


def _sentence(plain: Any, named: dict[Any, Any], where: str) -> str:
    """Read what is different, or the name of a sentence of the whole file."""
    told = _text(plain, where)
    found = _text(named.get(told, told), where)
    if not found.endswith("."):
        raise DataError(f"{where} is {told!r}; a sentence, or the name of one, expected")
    return found


def _fields(
    plain: Any, where: str, needed: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, Any]:
    if not isinstance(plain, dict):
        raise DataError(f"{where}: {plain!r}; {', '.join(needed)} expected")
    lacking = [name for name in needed if name not in plain]
    unknown = [str(name) for name in plain if name not in (*needed, *optional)]
    if lacking or unknown:
        told = f"lacks {', '.join(lacking)}" if lacking else f"has unknown {', '.join(unknown)}"
        allowed = ", ".join([*needed, *(f"{name} (optional)" for name in optional)])
        raise DataError(f"{where}: {told}; its keys are {allowed}")
    return plain


def _list(plain: Any, where: str) -> list[Any]:
    if not isinstance(plain, list) or not plain:
        raise DataError(f"{where} is {plain!r}; a list expected")
    return plain


def _text(plain: Any, where: str) -> str:
    if not isinstance(plain, str) or not plain.strip():
        raise DataError(f"{where} is {plain!r}; a text expected")
    return plain.strip()


def _number(told: Any, metric: str, where: str) -> tuple[float, float | None]:
    """Read a value, or a value and what stands after ±."""
    both = told if isinstance(told, list) else [told]
    if len(both) not in (1, 2) or any(type(each) not in (int, float) for each in both):
        raise DataError(f"{where}: {told!r}; a number or [value, spread] expected")
    value, spread = float(both[0]), (float(both[1]) if len(both) == 2 else None)
    low, high = BOUNDS[metric]
    if not low <= value <= high:
        raise DataError(f"{where}: {metric} is {value}; {low:g} to {high:g} expected")
    if spread is not None and not (math.isfinite(spread) and spread >= 0):
        raise DataError(f"{where}: a spread of {spread}; at least 0 expected")
    return value, spread


def _check_protocol(name: str, where: str) -> None:
    try:
        protocol(_of_a_device(name))
    except NapeError as error:
        raise DataError(f"{where}: {error}") from None


def _of_a_device(name: str) -> str:
    """Return the protocol itself; of a mean over devices that of the first."""
    kind, _, rest = name.partition("/")
    task = rest.removesuffix(EVERY_DEVICE)
    if kind != DEVICES or task == rest:
        return name
    devices = TASKS.get(task.removesuffix(SEEN).removesuffix(KNOWN))
    return name if devices is None else f"{kind}/{task}/{devices.test[0]}"
