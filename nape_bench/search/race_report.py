"""The race in a table, run over seeds and reported: numbers, a page, a picture."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from nape_bench.atomic import new_file, write_text
from nape_bench.data import load_dataset
from nape_bench.errors import DataError
from nape_bench.evaluation.environment import environment
from nape_bench.predictors import predictor
from nape_bench.search.plots import Dot, dots
from nape_bench.search.race import FIRST, evolution, guided, questions, random_search, summary
from nape_bench.search.table import AIMS, table_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nape_bench.search.table import Table

RANDOM, EVOLUTION = "random", "regularised evolution"


def race(
    name: str, guide: str, *, most: int, runs: int, seed: int = 0, progress: bool = False
) -> dict[str, Any]:
    """Race the three ways of search in a dataset's table.

    Random search and evolution may ask for everything; the predictor for `most`.

    Args:
        name: The dataset and its config, as in "nape/nb201_no_none/cifar10".
        guide: Name of the predictor.
        most: Questions that the predictor may ask at most.
        runs: Runs of each way.
        seed: Of the first run.
        progress: Whether to show progress.

    Returns:
        The numbers as plain JSON.

    Raises:
        DataError: `name` has no config, or there are too few functions.
        UnknownNameError: No such dataset, config or predictor.
    """
    owner, _, rest = name.partition("/")
    short, slash, config = rest.partition("/")
    if not (owner and short and slash and config):
        raise DataError(f"{name}: OWNER/NAME/CONFIG expected, as in nape/nb201_no_none/cifar10")
    dataset = load_dataset(f"{owner}/{short}", config)
    table = table_of(dataset)
    if len(table) <= FIRST:
        raise DataError(f"{name}: {len(table)} functions; a race begins with {FIRST} random ones")
    ways: dict[str, tuple[int, Callable[[int, np.random.Generator], list[int]]]] = {
        RANDOM: (len(table), partial(_plain, table, random_search)),
        EVOLUTION: (len(table), partial(_plain, table, evolution)),
        guide: (most, partial(_guided, table, guide)),
    }
    told: dict[str, Any] = {}
    with tqdm(total=runs * len(ways), unit="run", disable=not progress) as bar:
        for way, (budget, run) in ways.items():
            orders = []
            for number in range(runs):
                orders.append(run(budget, np.random.default_rng([seed + number, 0])))
                bar.update()
            told[way] = {
                "most": budget,
                "questions": summary([questions(table, order) for order in orders]),
                "curve": _curve(table, orders, most),
            }
    return {
        "table": {
            "name": dataset.name, "config": dataset.config, "version": dataset.version,
            "content_hash": dataset.content_hash, "target": dataset.target,
            "architectures": len(table.entry_of), "functions": len(table),
        },
        "aims": table.aims(),
        "predictor": guide,
        "runs": runs,
        "seed": seed,
        "expected at random": _expected(table),
        "ways": told,
        "environment": environment(),
    }  # fmt: skip


def _plain(
    table: Table,
    way: Callable[[Table, int, np.random.Generator], list[int]],
    most: int,
    rng: np.random.Generator,
) -> list[int]:
    return way(table, most, rng)


def _guided(table: Table, guide: str, most: int, rng: np.random.Generator) -> list[int]:
    return guided(table, most, rng, partial(predictor, guide))


def _expected(table: Table) -> dict[str, float]:
    """Return how many questions random search needs on the average: (n + 1) / (k + 1)."""
    return {
        name: (len(table) + 1) / (int((table.y >= least).sum()) + 1)
        for name, least in table.aims().items()
    }


def _curve(table: Table, orders: list[list[int]], most: int) -> list[float]:
    """Return the mean over runs of the best so far after each question, up to `most`."""
    rows = []
    for order in orders:
        best = np.maximum.accumulate(table.y[np.array(order[:most])])
        rows.append(np.concatenate([best, np.full(most - len(best), best[-1])]))
    curve: list[float] = np.mean(rows, axis=0).round(6).tolist()
    return curve


def write(folder: Path, numbers: dict[str, Any], command: str) -> None:
    """Write README.md, results.json and a picture, every file whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "results.json": json.dumps({"command": command, **numbers}, indent=1) + "\n",
        "README.md": page(numbers, command),
        "race.svg": picture(numbers),
    }
    for name, text in files.items():
        with new_file(folder / name) as new:
            write_text(new, text)


def picture(numbers: dict[str, Any]) -> str:
    """Return the best label against questions, a shape for each way."""
    sets = []
    for way, of in numbers["ways"].items():
        curve = of["curve"]
        places = sorted({*range(9, len(curve), 10), len(curve) - 1})
        sets.append((way, [Dot(i + 1, curve[i], f"{way}: {curve[i]:.3f} after {i + 1}")
                           for i in places]))  # fmt: skip
    table = numbers["table"]
    return dots(
        sets, x="questions", y=f"best {table['target']} so far, mean",
        title=f"{table['name']}/{table['config']}: best label so far", name="race",
        told=f"mean over {numbers['runs']} seeds",
    )  # fmt: skip


def page(numbers: dict[str, Any], command: str) -> str:
    """Return the race as Markdown."""
    table = numbers["table"]
    aims = ", ".join(f"{name} {least:.2f}" for name, least in numbers["aims"].items())
    lines = [
        f"# Search in the table {table['name']}/{table['config']}",
        "",
        f"Made by `{command}`.",
        "",
        (
            f"- {table['architectures']:,} architectures are {table['functions']:,} functions; a "
            "function is asked for once, and answers with its architectures' mean "
            f"`{table['target']}`. To be reached: {aims}."
        ),
        (
            f"- Each way ran with {numbers['runs']} seeds. `{numbers['predictor']}` begins with "
            f"{FIRST} random questions and is fitted anew to all answers every ten."
        ),
        "",
        (
            "Median number of questions, with its 95 % bootstrap interval over seeds, and how many "
            "seeds got there:"
        ),
        "",
        "| way | " + " | ".join(name for name, _ in AIMS) + " |",
        "| --- |" + " ---: |" * len(AIMS),
    ]
    for way, of in numbers["ways"].items():
        cells = [_cell(of["questions"][name], of["most"], numbers["runs"]) for name, _ in AIMS]
        lines.append(f"| {way} | " + " | ".join(cells) + " |")
    expected = numbers["expected at random"]
    lines.append("| random, expected | " + " | ".join(f"{expected[n]:.0f}" for n, _ in AIMS) + " |")
    lines += ["", "![Best label against questions](race.svg)", ""]
    return "\n".join(lines)


def _cell(of: dict[str, Any], most: int, runs: int) -> str:
    low, median, high = (
        f"{of[name]:.0f}" if of[name] is not None else f">{most}"
        for name in ("low", "median", "high")
    )
    return f"{median} [{low}, {high}] ({of['reached']} of {runs})"
