"""Recorded baselines: a folder each, with a recipe, results, predictions and a card.

baselines/gbdt/recipe.json           which predictor, which settings, which protocols
baselines/gbdt/results.json          a result a protocol, with environment and seconds
baselines/gbdt/predictions.parquet   what it predicted, by protocol and seed
baselines/gbdt/README.md             its card, made of the three
baselines/README.md                  all of them side by side
"""

from __future__ import annotations

from nape_bench.evaluation.recording.recipe import Recipe, list_recipes, read_recipe, write_recipe
from nape_bench.evaluation.recording.record import Done, record, state
from nape_bench.evaluation.recording.records import read_records, write_records

__all__ = [
    "Done",
    "Recipe",
    "list_recipes",
    "read_recipe",
    "read_records",
    "record",
    "state",
    "write_recipe",
    "write_records",
]
