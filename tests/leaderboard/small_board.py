"""A board of two small protocols and three submissions, and ways to spoil a submission."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from nape_bench.hashing import values_hash
from nape_bench.leaderboard.checking.folders import Folders
from nape_bench.leaderboard.checking.metadata import Entry, Metadata, write_metadata
from nape_bench.leaderboard.checking.sheet import Facts, Sheet, write_sheet

if TYPE_CHECKING:
    from pathlib import Path

    from nape_bench.leaderboard.checking.predictions import Predicted

ROWS = 60
HASH = "0123456789abcdef" * 4
PLAIN, SHOTS = "in-family/hiaml", "few-shot/hiaml-20"
SEEDS = (0, 1, 2, 3, 4)
IDS = tuple(f"arch-{i:03d}" for i in range(ROWS))


def labels(protocol: str) -> np.ndarray:
    """True labels, float64 [ROWS]."""
    rng = np.random.default_rng(len(protocol))
    return np.round(80 + 5 * rng.standard_normal(ROWS), 3)


def sheet(protocol: str, **other: Any) -> Sheet:
    """A protocol's sheet; the one with shots scores each seed on rows of its own."""
    y, shots = labels(protocol), 20 if protocol == SHOTS else 0
    parts = np.ones((len(SEEDS), ROWS), dtype=bool)
    for seed in SEEDS:
        parts[seed, np.random.default_rng(seed).permutation(ROWS)[:shots]] = False
    facts = Facts(
        protocol, "A test", "nape/hiaml", "micro", "v1.1", HASH, "accuracy", "%", True,
        100, shots, SEEDS, 0.9, values_hash(IDS, y), ("Two sentences.",),
    )  # fmt: skip
    return Sheet(
        replace(facts, **other), IDS, y, parts if shots else None, {"first": np.arange(ROWS) < 30}
    )


def guesses(noise: float, seed: int = 0, protocols: tuple[str, ...] = (PLAIN, SHOTS)) -> Any:
    """Predictions [SEEDS, ROWS] by protocol: labels with noise of some standard deviations."""
    rng = np.random.default_rng(seed)
    return {p: labels(p) + 5 * noise * rng.standard_normal((len(SEEDS), ROWS)) for p in protocols}


def metadata(protocols: Any, name: str = "Mine", **other: Any) -> Metadata:
    """What a submission says of itself, all of it right."""
    entries = {
        p: Entry("nape/hiaml", "micro", "v1.1", HASH, 50, SEEDS[: len(v)], 2.0, 0.5)
        for p, v in protocols.items()
    }
    told = Metadata(
        name, ("Jane Doe",), "It says a number.", "https://example.org/code", "MIT", True, entries
    )
    return replace(told, **other)


def table(values: Any, ids: tuple[str, ...] = IDS) -> dict[str, list[Any]]:
    """Columns of predictions.parquet."""
    rows = [
        (protocol, seed, name, float(value))
        for protocol, by_seed in values.items()
        for seed, row in enumerate(by_seed)
        for name, value in zip(ids, row, strict=True)
    ]
    names = ("protocol", "seed", "id", "prediction")
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def write(folder: Path, columns: Any, told: Metadata | str) -> Path:
    """Write a submission's folder."""
    folder.mkdir(parents=True)
    text = told if isinstance(told, str) else write_metadata(told)
    (folder / "submission.yaml").write_text(text, encoding="utf-8")
    pq.write_table(pa.table(columns), folder / "predictions.parquet")
    return folder


def submit(root: Path, name: str, values: Any, **other: Any) -> Path:
    """Write a submission that holds, below a board's folder."""
    return write(root / "submissions" / name, table(values), metadata(values, name, **other))


def board(root: Path) -> Folders:
    """A board of two protocols with three submissions: better, middling and one-seeded FLOPs."""
    for protocol in (PLAIN, SHOTS):
        write_sheet(root / "protocols", sheet(protocol))
    submit(root, "better", guesses(0.7, 1))
    submit(root, "middling", guesses(1.5, 2))
    flops = {PLAIN: guesses(2.0, 3)[PLAIN][:1], SHOTS: np.tile(guesses(2.0, 3)[SHOTS][:1], (5, 1))}
    submit(root, "flops", flops, deterministic=True, is_value=False)
    return Folders.of(root)


def same(a: Predicted, b: np.ndarray) -> bool:
    """Whether predictions are these, to the last bit."""
    return np.array_equal(a.values, b)
