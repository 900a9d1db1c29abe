"""Recorded baselines as submissions: they stand on the board through the door of everyone's."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from nape_bench.atomic import new_file, write_text
from nape_bench.leaderboard.checking.metadata import METADATA_FILE, write_metadata
from nape_bench.leaderboard.submission import PACKAGED, About, describe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nape_bench.evaluation.recording import Recipe
    from nape_bench.evaluation.result import Result

AUTHORS = ("The nape_bench authors",)


def write_baseline_metadata(folder: Path, recipe: Recipe, results: Mapping[str, Result]) -> None:
    """Write what a recorded baseline says of itself beside its predictions.

    Nothing is written of a recipe of somebody's own, whose author says it with `nape-bench submit`,
    nor where nothing is recorded yet.
    """
    if recipe.is_own or not results:
        return
    made = recipe.make()
    source = f" Source: {made.source}." if made.source else ""
    about = About(
        name=made.title if folder.name == recipe.predictor else f"{made.title} ({folder.name})",
        authors=AUTHORS,
        summary=_first_paragraph(type(made)) + source,
        code=PACKAGED,
        remarks=recipe.remarks,
    )
    with new_file(folder / METADATA_FILE) as file:
        write_text(file, write_metadata(describe(results, about)))


def _first_paragraph(cls: type) -> str:
    # Names of code stand between backticks there, and this is plain text.
    return " ".join((inspect.getdoc(cls) or "").partition("\n\n")[0].replace("`", "").split())
