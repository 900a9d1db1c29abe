"""Recipe: which predictor with which settings a baseline is, and on which protocols it is run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from nape_bench.atomic import new_file, write_text
from nape_bench.data.jsontext import once
from nape_bench.errors import DataError
from nape_bench.evaluation.protocols import protocol
from nape_bench.predictors import Predictor, predictor

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RECIPE_FILE = "recipe.json"


@dataclass(frozen=True)
class Recipe:
    """What a baseline is.

    Attributes:
        predictor: Name of the predictor, or MODULE:CLASS of somebody's own.
        settings: Settings other than its defaults.
        protocols: Names of the protocols that it is run on, in the order of its tables.
        seeds: Seeds from 0 on, where they are not as many as the protocol asks for.
        remarks: What a reader of its card must know beyond what the predictor says of itself.
    """

    predictor: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    protocols: tuple[str, ...] = ()
    seeds: int | None = None
    remarks: str = ""

    @property
    def is_own(self) -> bool:
        """Whether the predictor is somebody's own: whoever reads a recipe runs no code of it."""
        return ":" in self.predictor

    def make(self) -> Predictor:
        """Return the predictor, unfitted.

        Raises:
            UnknownNameError: The registry has none of this name, or it has no such setting.
        """
        return predictor(self.predictor, **self.settings)


def read_recipe(folder: Path) -> Recipe:
    """Read the recipe of a baseline's folder, and check its names.

    Raises:
        DataError: There is none, or it is malformed.
        UnknownNameError: There is no such predictor, setting or kind of protocol.
    """
    file = folder / RECIPE_FILE
    if not file.is_file():
        raise DataError(
            f"{file}: no such file; `nape-bench run PREDICTOR --protocol P --record` makes one"
        )
    try:
        data = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=once)
        recipe = Recipe(**{**data, "protocols": tuple(data["protocols"])})
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{file}: not a recipe: {error!r}") from None
    typed: dict[str, type | tuple[type, ...]] = {
        "predictor": str,
        "settings": dict,
        "seeds": (int, type(None)),
        "remarks": str,
    }
    for name, kind in typed.items():
        if not isinstance(getattr(recipe, name), kind):
            raise DataError(f"{file}: {name} is {getattr(recipe, name)!r}")
    if not recipe.is_own:
        recipe.make()
    for name in recipe.protocols:
        protocol(name)
    if len(set(recipe.protocols)) < len(recipe.protocols):
        raise DataError(f"{file}: a protocol is named more than once")
    return recipe


def write_recipe(folder: Path, recipe: Recipe) -> None:
    """Write a recipe as its folder's, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    with new_file(folder / RECIPE_FILE) as file:
        write_text(file, json.dumps(asdict(recipe), indent=2, ensure_ascii=False) + "\n")


def list_recipes(root: Path) -> dict[str, Recipe]:
    """Read the recipes of all folders below a root, by the names of the folders, sorted."""
    if not root.is_dir():
        raise DataError(f"{root}: no such folder; `nape-bench run ... --record` makes it")
    folders = sorted(file.parent for file in root.glob(f"*/{RECIPE_FILE}"))
    return {folder.name: read_recipe(folder) for folder in folders}
