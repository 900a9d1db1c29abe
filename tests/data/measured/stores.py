"""Synthetic label stores: results of several measurements that nobody measured."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.data.measured.proxies import PROXIES
from nape_bench.labels import draw
from nape_bench.spaces import space

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

COUNT = 24
MICRO = {
    "version": "micro-1",
    "epochs": 8,
    "batch": 64,
    "averaged": 3,
    "scale": {"width": 0.25, "depth": None, "resolution": 16},
    "task": {"train": 2000, "test": 4000},
}
PROXY = {
    "version": "proxies-1",
    "batch": 16,
    "images": "drawn",
    "weights": "drawn as well",
    "batch_norm": "train mode",
}
LATENCY = {
    "version": "latency-2",
    "runtimes": ["torch", "onnxruntime"],
    "batches": [1, 16],
    "blocks": 5,
    "extra_blocks": 5,
    "extra_seconds": 2.0,
    "disagreement": 0.05,
    "freed_memory": "kept by the process",
    "seconds": 1.0,
    "repeats": 10,
    "others": 0.1,
    "stolen": 0.01,
    "ticks": 0.03,
    "processor": "Test CPU",
    "instructions": "AVX2",
    "dtype": "float32",
    "versions": {"torch": "2.0", "onnxruntime": "1.0"},
}
SETTINGS = {"micro": MICRO, "proxies": PROXY, "latency": LATENCY}


@cache
def texts(family: str = "hiaml", count: int = COUNT) -> tuple[str, ...]:
    """Return different architectures as text, of the part that labelling runs draw from."""
    return tuple(map(space(family).format, draw(family, count)))


def row(
    text: str, measure: str, seed: int, values: dict[str, Any], family: str = "hiaml"
) -> dict[str, Any]:
    """Return a row of a store as a labelling run writes it."""
    return {
        "space": family,
        "spec": space(family).parse(text),
        "text": text,
        "measure": measure,
        "version": SETTINGS[measure]["version"],
        "seed": seed,
        "error": None,
        **values,
        "wall_seconds": 0.5,
        "time": f"2026-01-01T00:00:{seed:02d}+00:00",
        "machine": "Test CPU",
        "torch": "2.0",
        "python": "3.11",
    }


def micro(family: str = "hiaml", seeds: int = 2, count: int = COUNT) -> list[dict[str, Any]]:
    """Return accuracies that rise with the place of an architecture, with noise."""
    rows = []
    for place, text in enumerate(texts(family, count)):
        for seed in range(seeds):
            rng = np.random.default_rng((place, seed))
            accuracy = round(80 + place / 2 + float(rng.normal()), 3)
            values = {"accuracy": accuracy, "seconds": round(float(rng.uniform(4, 6)), 3)}
            rows.append(row(text, "micro", seed, {**values, "epochs": 8}, family))
    return rows


def proxies(family: str = "hiaml", seeds: int = 1, count: int = COUNT) -> list[dict[str, Any]]:
    """Return the thirteen proxies, drawn at random."""
    rows = []
    for place, text in enumerate(texts(family, count)):
        for seed in range(seeds):
            rng = np.random.default_rng((place, seed, 1))
            values = {name: float(rng.normal()) for name in PROXIES}
            rows.append(row(text, "proxies", seed, values, family))
    return rows


def latency(family: str = "hiaml", seeds: int = 1, count: int = COUNT) -> list[dict[str, Any]]:
    """Return times that rise with the place of an architecture."""
    rows = []
    for place, text in enumerate(texts(family, count)):
        for seed in range(seeds):
            values: dict[str, Any] = {}
            for runtime in ("torch", "onnxruntime"):
                for batch in (1, 16):
                    name, time = f"{runtime}_b{batch}", batch * (1 + place / 10) + seed / 100
                    values |= {f"{name}_ms": time, f"{name}_repeats": 50}
                    values |= {f"{name}_p10_ms": time - 0.25, f"{name}_p90_ms": time + 0.5}
            values |= {"standard_ms": 2.0, "interference": int(place == 3 and seed == 0)}
            values["interference_reasons"] = "torch_b1: others" if place == 3 else None
            rows.append(row(text, "latency", seed, values, family))
    return rows


def write(folder: Path, rows: Iterable[dict[str, Any]]) -> Path:
    """Write a store of these rows, in files of two runs; what was in it is gone."""
    rows = list(rows)
    for name, lines in (("a", rows[::2]), ("b", rows[1::2])):
        path = folder / "results" / f"{name}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "settings").mkdir(exist_ok=True)
    for each in rows:
        path = folder / "settings" / f"{each['measure']}-{each['version']}-{each['space']}.json"
        path.write_text(json.dumps({**SETTINGS[each["measure"]], "version": each["version"]}))
    return folder
