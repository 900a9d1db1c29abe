"""Cards of recorded baselines, in Markdown: one a baseline, and one of all side by side."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

from nape_bench.evaluation.tables import NOTHING, significant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from nape_bench.evaluation.recording.recipe import Recipe
    from nape_bench.evaluation.result import Result

CARD_FILE = "README.md"
SEVERAL_TASKS = ("multitask", "transnas_micro", "transnas_macro", "zoo")
"""Datasets whose configs are tasks, which a mean goes over."""
DEVICES = "hw/"
"""Protocols with a device as the last part of their names stand in one row for each task."""

_AGAIN = (
    "`nape-bench baselines {} --run --again` makes all of this again, and says whether the same "
    "comes out."
)
_OWN = "`nape-bench run {} --protocol ... --record` makes results again, with its author's code."
_WHAT = (
    "Spearman correlations, mean over seeds; each folder has intervals, MAE, seconds, predictions "
    "and the environment. `make baselines` makes what is missing, `nape-bench baselines --run "
    "--again` all of it. A row over the devices of a task is their mean. Means are "
    "shown of baselines that were run on all protocols that any was. `why.md` says of the "
    "comparisons with papers why they are where they are."
)


def baseline_card(name: str, recipe: Recipe, results: Mapping[str, Result]) -> str:
    """Return the card of a baseline.

    Args:
        name: Its folder's name.
        recipe: Its recipe.
        results: Its results, by protocol.
    """
    if recipe.is_own:
        told = [each.predictor for each in results.values()][:1]
        title, source, about = (told[0].title, told[0].source, "") if told else (name, "", "")
    else:
        made = recipe.make()
        title, source, about = made.title, made.source, _about(type(made))
    lines = [f"# {name}: {title}", "", f"Source: {source}.", "", about, ""]
    if recipe.remarks:
        lines += [recipe.remarks, ""]
    settings = ", ".join(f"{key} = {value!r}" for key, value in recipe.settings.items())
    again = _OWN.format(recipe.predictor) if recipe.is_own else _AGAIN.format(name)
    lines += [f"Settings other than the defaults: {settings or 'none'}. {again}", ""]
    for kind, group in _by_kind(results).items():
        lines += [f"## {kind}", "", _table(group), ""]
        notes = {note for result in group for note in result.notes if "drawn for it" not in note}
        shared = [note for note in sorted(notes) if all(note in r.notes for r in group)]
        lines += [f"{note}\n" for note in shared]
    environments = {tuple(result.environment.items()) for result in results.values()}
    lines += ["## Environment", ""]
    lines += [
        "- " + ", ".join(f"{key} {value}" for key, value in each) for each in sorted(environments)
    ]
    return "\n".join(lines).rstrip() + "\n"


def overview(recorded: Mapping[str, Mapping[str, Result]]) -> str:
    """Return the table of all baselines: SRCC by protocol, the best of each row bold.

    Args:
        recorded: Baseline -> protocol -> result.
    """
    lines = [
        "# Recorded baselines",
        "",
        _WHAT,
        "",
    ]
    groups = _gathered(recorded, group_of)
    cells = [
        [row, *_marked([groups[row].get(name) for name in recorded]), _count(groups[row])]
        for row in sorted(groups)
        if not row.startswith(DEVICES)
    ]
    lines += ["## Means", "", _markdown(cells, ["protocols", *recorded, "of"]), ""]
    rows = _gathered(recorded, _row)
    kinds: dict[str, list[str]] = {}
    for row in sorted(rows):
        kinds.setdefault(row.partition("/")[0], []).append(row)
    for kind, names in kinds.items():
        columns = [name for name in recorded if any(name in rows[row] for row in names)]
        cells = [[row, *_marked([rows[row].get(name) for name in columns])] for row in names]
        lines += [f"## {kind}", "", _markdown(cells, ["protocol", *columns]), ""]
    return "\n".join(lines).rstrip() + "\n"


def group_of(protocol: str) -> str:
    """Return the name of a protocol with a star for its dataset: "gennape/*-ft50"."""
    kind, *parts = protocol.split("/")
    place = 1 if parts[0] in SEVERAL_TASKS and len(parts) > 1 else 0
    ending = re.search(r"-(zero-shot|ft\d+|\d+)(-known)?$", parts[place])
    parts[place] = f"*{ending[0] if ending else ''}"
    return "/".join([kind, *parts])


def _gathered(
    recorded: Mapping[str, Mapping[str, Result]], row_of: Callable[[str], str]
) -> dict[str, dict[str, list[float]]]:
    """Return the correlations by row and baseline."""
    rows: dict[str, dict[str, list[float]]] = {}
    for name, results in recorded.items():
        for protocol, result in results.items():
            value = result.metrics["spearman"].value
            rows.setdefault(row_of(protocol), {}).setdefault(name, []).append(value)
    return rows


def _count(cells: Mapping[str, list[float]]) -> str:
    return str(max(len(cell) for cell in cells.values()))


def _row(protocol: str) -> str:
    return f"{protocol.rpartition('/')[0]}/*" if protocol.startswith(DEVICES) else protocol


def _marked(cells: Sequence[list[float] | None]) -> list[str]:
    # Over fewer protocols than others a mean says something else.
    whole = max(len(cell) for cell in cells if cell is not None)
    means = [None if cell is None or len(cell) < whole else sum(cell) / whole for cell in cells]
    texts = [NOTHING if mean is None else f"{mean:.3f}" for mean in means]
    best = f"{max((mean for mean in means if mean is not None), default=0):.3f}"
    return [f"**{text}**" if text == best else text for text in texts]


def _about(cls: type) -> str:
    """Return what a class says of itself, without its arguments."""
    text = inspect.getdoc(cls) or ""
    kept = []
    for line in text.splitlines():
        if line in {"Args:", "Attributes:"}:
            break
        kept.append(line)
    return "\n".join(kept).strip()


def _by_kind(results: Mapping[str, Result]) -> dict[str, list[Result]]:
    kinds: dict[str, list[Result]] = {}
    for name, result in results.items():
        kinds.setdefault(name.partition("/")[0], []).append(result)
    return kinds


def _table(results: Iterable[Result]) -> str:
    cells = []
    for result in results:
        srcc, mae = result.metrics["spearman"], result.metrics.get("mae")
        unit = f" {result.dataset.unit}" if result.dataset.unit else ""
        seconds = result.seconds
        cells.append(
            [
                result.protocol,
                result.dataset.version,
                f"{result.counts.test:,}",
                f"{result.counts.train + result.counts.validation:,}",
                f"{srcc.value:.3f} [{srcc.low:.3f}, {srcc.high:.3f}]",
                NOTHING if mae is None else f"{significant(mae.value)}{unit}",
                str(len(result.seeds)),
                NOTHING if seconds is None else f"{sum(seconds.fit) / len(seconds.fit):.1f}",
            ]
        )
    headers = ["protocol", "version", "test", "labels", "SRCC [95 %]", "MAE", "seeds", "s a fit"]
    return _markdown(cells, headers)


def _markdown(cells: Sequence[Sequence[str]], headers: Sequence[str]) -> str:
    from tabulate import tabulate

    aligned = ["left", *["right"] * (len(headers) - 1)]
    return tabulate(cells, headers, tablefmt="github", disable_numparse=True, colalign=aligned)
