"""What a search leaves in its folder, so that it goes on where it was ended.

`search.json` says what is searched and how; `steps.jsonl` has a line for each step, with all
groups that were scored and the facts of what was kept; `kept.parquet` has the graphs of the pool
and of the best as they were at a step. A search that was killed goes on from that step: lines
behind it are written again, and are the same.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.atomic import new_file, write_text
from nape_bench.data.parquet import read_rows, write_rows
from nape_bench.data.rows import TEXT_COLUMNS, Rows
from nape_bench.errors import DataError
from nape_bench.graph import GraphTable
from nape_bench.search.member import Facts, Member

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SETTINGS, STEPS, KEPT = "search.json", "steps.jsonl", "kept.parquet"
NUMBERS = ("value", "excess", "flops", "params", "latency", "step", "edits")
TEXTS = ("parent", "kind", "change", "spec")
PLACES = ("in_pool", "in_best", "at_step")
"""Columns of `kept.parquet`: place in the pool and among the best, -1 where in none; the step."""


@dataclass
class State:
    """Where a search is.

    Attributes:
        step: Steps that are done.
        pool: What is mutated.
        best: The best so far, the very best first.
        seen: Groups that were scored.
        lines: What was noted of each step.
    """

    step: int
    pool: list[Member]
    best: list[Member]
    seen: set[str]
    lines: list[dict[str, Any]] = field(default_factory=list)


def begin(folder: Path, settings: Mapping[str, Any]) -> None:
    """Note what is searched, or check that it is the same as before.

    Raises:
        DataError: The folder holds another search; the first setting that differs is named.
    """
    file = folder / SETTINGS
    text = json.dumps(settings, indent=2, sort_keys=True, allow_nan=False) + "\n"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with new_file(file) as new:
            write_text(new, text)
        return
    try:
        there = json.loads(file.read_text(encoding="utf-8"))
        wanted = json.loads(text)
        other = next((k for k in {**there, **wanted} if there.get(k) != wanted.get(k)), None)
    except (ValueError, AttributeError, TypeError) as error:
        raise DataError(f"{file}: the settings of a search expected: {error}") from None
    if other is not None:
        raise DataError(
            f"{folder}: holds a search with {other} = {there.get(other)!r}, not "
            f"{wanted.get(other)!r}; give another folder"
        )


def save(folder: Path, state: State) -> None:
    """Write the graphs of a state, whole or not at all."""
    every = {member.facts.hash: member for member in [*state.pool, *state.best]}
    members = list(every.values())
    places = {
        "in_pool": {member.facts.hash: i for i, member in enumerate(state.pool)},
        "in_best": {member.facts.hash: i for i, member in enumerate(state.best)},
    }
    labels = {
        name: np.array([getattr(m.facts, name) for m in members], dtype=np.float64)
        for name in NUMBERS
    }
    for name, place in places.items():
        labels[name] = np.array([place.get(m.facts.hash, -1) for m in members], dtype=np.float64)
    labels["at_step"] = np.full(len(members), float(state.step))
    with new_file(folder / KEPT) as new:
        write_rows(new, Rows(_texts(members), GraphTable.from_graphs(m.graph for m in members),
                             labels))  # fmt: skip


def _texts(members: list[Member]) -> dict[str, Any]:
    import pyarrow as pa

    told = [{name: getattr(m.facts, name) for name in TEXTS} for m in members]
    columns = {
        "id": [f"graph:{m.facts.hash}" for m in members],
        "family": ["graph"] * len(members),
        "spec": [json.dumps(each, sort_keys=True) for each in told],
        "hash": [m.facts.hash for m in members],
        "group": [m.facts.group for m in members],
    }
    return {name: pa.array(columns[name], pa.string()) for name in TEXT_COLUMNS}


def note(folder: Path, line: Mapping[str, Any]) -> None:
    """Add a line to `steps.jsonl`, flushed to the disk."""
    with (folder / STEPS).open("a", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(line, allow_nan=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read(folder: Path) -> State | None:
    """Return where a search was when its graphs were last saved; None where it has not begun.

    Lines behind that step are taken away: what was done then is done again.

    Raises:
        DataError: A file is damaged; it is named, with the line.
    """
    if not (folder / KEPT).is_file():
        (folder / STEPS).unlink(missing_ok=True)
        return None
    rows, _ = read_rows(folder / KEPT, [*NUMBERS, *PLACES])
    rows.graphs.check()
    members = [_member(folder / KEPT, rows, number) for number in range(len(rows))]
    step = int(rows.labels["at_step"][0])
    listed = {}
    for name in ("in_pool", "in_best"):
        places = rows.labels[name].astype(int).tolist()
        found = [(place, i) for i, place in enumerate(places) if place >= 0]
        listed[name] = [members[i] for _, i in sorted(found)]
    lines = _lines(folder / STEPS, step)
    seen = {group for line in lines for group in line["groups"]}
    return State(step, listed["in_pool"], listed["in_best"], seen, lines)


def _member(file: Path, rows: Rows, number: int) -> Member:
    numbers: dict[str, Any] = {name: float(rows.labels[name][number]) for name in NUMBERS}
    for name in ("flops", "params", "step", "edits"):
        numbers[name] = int(numbers[name])
    key, group = (rows.texts[name][number].as_py() for name in ("hash", "group"))
    try:
        told = json.loads(rows.texts["spec"][number].as_py())
        texts: dict[str, Any] = {name: str(told[name]) for name in TEXTS}
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file}, row {number}: no network of a search: {error!r}") from None
    return Member(Facts(hash=key, group=group, **numbers, **texts), rows.graphs[number])


def _lines(file: Path, step: int) -> list[dict[str, Any]]:
    """Return the lines of steps 0 to `step`, and take away those behind.

    Raises:
        DataError: A line is missing or no line of a step; it is named.
    """
    texts = file.read_text(encoding="utf-8").split("\n") if file.is_file() else []
    found = []
    for number in range(step + 1):
        try:
            line = json.loads(texts[number])
            if line["step"] != number or not isinstance(line["groups"], list):
                raise ValueError(f"step {number} expected")
        except (IndexError, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{file}, line {number + 1}: the line of step {number} expected ({error}); "
                "give another folder to begin anew"
            ) from None
        found.append(line)
    with new_file(file) as new:
        write_text(new, "".join(text + "\n" for text in texts[: step + 1]))
    return found
