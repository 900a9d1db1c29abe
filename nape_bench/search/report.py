"""The report of a study: README.md, results.json and pictures, in one folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nape_bench.atomic import new_file, write_text
from nape_bench.search import check
from nape_bench.search.plots import Dot, dots, path
from nape_bench.search.study import BEST

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nape_bench.picture import Picture
    from nape_bench.search.loop import Outcome
    from nape_bench.search.study import Ready

VERDICTS = {
    "above": "**better**, the whole interval is above 0",
    "below": "**worse**, the whole interval is below 0",
    "open": "not told apart: the interval holds 0",
}


def write(
    folder: Path, given: Ready, outcomes: Sequence[Outcome], numbers: dict[str, Any], command: str
) -> None:
    """Write the report, every file whole or not at all.

    Args:
        folder: Where it goes.
        given: The study.
        outcomes: What its searches came to.
        numbers: What `check.checked` returned.
        command: What makes it, in one line.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, str] = dict(pictures(given, outcomes, numbers))
    files["results.json"] = json.dumps({"command": command, **numbers}, indent=1) + "\n"
    files["README.md"] = page(numbers, command)
    for name, text in files.items():
        with new_file(folder / name) as new:
            write_text(new, text)


def pictures(
    given: Ready, outcomes: Sequence[Outcome], numbers: dict[str, Any]
) -> dict[str, Picture]:
    """Return the pictures of a report by file name."""
    space, rows = given.study.space, numbers["networks"]
    order = [check.FOUND, check.OTHERS, check.MUTANTS, check.START]
    sets = [
        (name, [
            Dot(row["flops"] / 1e6, row["measured"],
                f"{row['hash'][:8]}: measured {row['measured']:.2f} %, predicted "
                f"{row['predicted']:.2f} %, {row['flops'] / 1e6:.3f} M")
            for row in rows if row["set"] == name
        ])
        for name in order if any(row["set"] == name for row in rows)
    ]  # fmt: skip
    best = check.found_by(outcomes)[0]
    gone, new = check.nodes_changed(given.start, best.graph)
    steps = check.best_so_far(outcomes[0], higher_is_better=given.objective.higher_is_better)
    return {
        "front.svg": dots(
            sets, x="multiply-adds, millions", y="measured accuracy, %",
            title=f"{space}: what was found, really trained", name=f"front-{space}",
        ),
        "path.svg": path(
            steps, x="step", y="predicted accuracy of the best, %",
            title=f"{space}: path of the first search",
            told="the best network so far that keeps the limits", name=f"path-{space}",
        ),
        "before.svg": given.start.draw(
            title=f"{space}: before, framed what went", fold=False, layout="own", marked=gone
        ),
        "after.svg": best.graph.draw(
            title=f"{space}: after, framed what came", fold=False, layout="own", marked=new
        ),
    }  # fmt: skip


def page(numbers: dict[str, Any], command: str) -> str:
    """Return the report as Markdown."""
    study, dataset = numbers["study"], numbers["dataset"]
    limits = ", ".join(f"{name} {cut:+.0%}" for name, cut in study["cuts"].items()) or "none"
    scored = sum(each["scored"] for each in numbers["search"])
    lines = [
        f"# Search from an architecture of {study['space']}",
        "",
        f"Made by `{command}`.",
        "",
        (
            f"- Start: `{numbers['start']['spec']}`{_chosen(study['start'])}, "
            f"{numbers['start']['flops'] / 1e6:.3f} M "
            f"multiply-adds at micro scale. Limits: {limits}."
        ),
        (
            f"- Predictor: `{study['predictor']}`, taught by {dataset['labels']} labels of "
            f"`{study['fit']}` ({dataset['name']} {dataset['version']})."
        ),
        *_rounds(study),
        (
            f"- {len(numbers['search'])} searches ({study['method']}, moves: {study['moves']}) of "
            f"{study['steps']} steps scored {scored:,} networks."
        ),
        (
            f"- Everything below is measured: {len(numbers['networks'])} networks, trained "
            f"from scratch by {numbers['training']['recipe']}, {numbers['training']['seeds']} "
            "seeds each."
        ),
        "",
        "## Did it find better networks?",
        "",
        (
            "Mean measured accuracy of what was found less that of others, in percentage points, "
            "with 95 % bootstrap intervals over networks and seeds:"
        ),
        "",
        "| found less | difference | interval | |",
        "| --- | --- | --- | --- |",
    ]
    for name, of in numbers["found less"].items():
        lines.append(
            f"| {name} | {of['value']:+.2f} | {of['low']:+.2f} to {of['high']:+.2f} | "
            f"{VERDICTS[of['verdict']]} |"
        )
    lines += [
        "",
        *_rivals(numbers),
        "",
        "![Accuracy against multiply-adds](front.svg)",
        "",
        "## Predicted and measured",
        "",
    ]
    rank = numbers["rank"]
    lines += [
        f"Over all that was trained but the start: {_ranked(rank)}"
        f"mean absolute error {_interval(rank['mae'], '.2f')} percentage points. Predicted less "
        "measured, mean: "
        + ", ".join(f"{name} {value:+.2f}" for name, value in numbers["bias"].items())
        + ".",
        "",
        "| network | set | M multiply-adds | parameters | predicted | measured | seeds |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in numbers["networks"]:
        seeds = " ".join(f"{value:.2f}" for value in row["accuracy"])
        lines.append(
            f"| {row['hash'][:8]} | {row['set']} | {row['flops'] / 1e6:.3f} | {row['params']:,} | "
            f"{row['predicted']:.2f} | {row['measured']:.2f} | {seeds} |"
        )
    if numbers["failed"]:
        lines += ["", "Left out of all means, since a training failed:", ""]
        lines += [f"- {of['set']} {of['hash'][:8]}, {of['reason']}" for of in numbers["failed"]]
    lines += ["", "## What changed", "", "![Path of the search](path.svg)", ""]
    best = numbers["best"]
    lines += [f"From the start to `{best['hash'][:8]}`, the best of the first search:", ""]
    lines += [f"{number}. {change}" for number, change in enumerate(best["changes"], start=1)]
    lines += ["", "| layers | before | after |", "| --- | ---: | ---: |"]
    lines += [f"| {kind} | {n} | {m} |" for kind, (n, m) in best["layers"].items()]
    lines += ["", "Framed is what the other has not, in the order of layers.", "",
              "| before | after |", "| --- | --- |",
              "| ![before](before.svg) | ![after](after.svg) |", ""]  # fmt: skip
    return "\n".join(lines)


def _rivals(numbers: dict[str, Any]) -> list[str]:
    """Say what the rivals are, and what favours the start."""
    told = []
    if check.MUTANTS in numbers["found less"]:
        told.append(
            "Random mutants have as many random changes as what was found and, within 3 %, as "
            "many multiply-adds (where that could be had; the table has the numbers)."
        )
    told.append("Random ones of the space are drawn from it at equal multiply-adds.")
    if numbers["study"]["start"] == BEST:
        told.append(
            "The start was chosen for its label: where that comes from the same recipe and seeds, "
            "what is measured here of it is the same luck again."
        )
    return [" ".join(told)]


def _rounds(study: dict[str, Any]) -> list[str]:
    if study["rounds"] == 1:
        return []
    return [
        (
            f"- Closed loop: {study['rounds'] - 1} rounds before the last trained what they found "
            "and as many random rivals, once each; the predictor learnt from them (counted above)."
        )
    ]


def _chosen(start: str) -> str:
    return " (the best label of those it was fitted to)" if start == BEST else ""


def _ranked(rank: dict[str, Any]) -> str:
    return f"Spearman {_interval(rank['spearman'], '.2f')}, " if "spearman" in rank else ""


def _interval(of: dict[str, float], form: str) -> str:
    return f"{of['value']:{form}} [{of['low']:{form}}, {of['high']:{form}}]"
