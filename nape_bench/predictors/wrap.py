"""Any object with `predict`, and `fit` where it learns, as a Predictor."""

from __future__ import annotations

import copy
import inspect
from typing import TYPE_CHECKING, Any

from nape_bench.predictors.base import Predictor, SettingError

if TYPE_CHECKING:
    import numpy as np

    from nape_bench.graph import GraphTable

SEED_NAMES = ("seed", "random_state")
"""Attributes that are taken for an object's seed."""


class Wrapped(Predictor):
    """An object of somebody else's; `wrap` makes a subclass for each.

    Args:
        model: The object. It is copied and stays as it is.
        seed: Set as the copy's `seed` or `random_state` where it has one.
        progress: Not handed on.
    """

    def __init__(self, *, model: Any, seed: int = 0, progress: bool = False) -> None:
        super().__init__(seed=seed, progress=progress)
        self.model = model
        self._copy = copy.deepcopy(model)
        for name in SEED_NAMES:
            if hasattr(self._copy, name):
                setattr(self._copy, name, seed)

    def _fit(
        self,
        graphs: GraphTable,
        y: np.ndarray,
        validation: tuple[GraphTable, np.ndarray] | None,
    ) -> None:
        takes = inspect.signature(self._copy.fit).parameters
        more = {"validation": validation} if "validation" in takes else {}
        self._copy.fit(graphs, y, **more)

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        predicted: np.ndarray = self._copy.predict(graphs)
        return predicted


def wrap(model: object) -> Wrapped:
    """Return an object with `fit(graphs, y)` and `predict(graphs)` as a predictor.

    Graphs come as a `GraphTable`, labels as float64 [n]. A `fit` with an argument `validation`
    gets (graphs, labels) to choose by. What the object says of itself in the attributes `name`,
    `title`, `source`, `is_value` and `needs_training` is taken over; by default it predicts
    values, and needs training if it has `fit`.

    Raises:
        SettingError: It has no `predict`, or none to train where it says that it needs training.
    """
    learns = bool(getattr(model, "needs_training", hasattr(model, "fit")))
    missing = [m for m in ("fit", "predict")[not learns :] if not callable(getattr(model, m, None))]
    if isinstance(model, type) or missing:
        told = "is a class, not an object" if isinstance(model, type) else f"has no {missing[0]}"
        raise SettingError(
            f"{model!r} is no predictor, it {told}: give an object with fit(graphs, y) and "
            "predict(graphs), or a nape_bench.predictors.Predictor"
        )
    kind = type(model)
    name = str(getattr(model, "name", kind.__name__))
    attributes = {
        "name": name,
        "title": str(getattr(model, "title", name)),
        "source": str(getattr(model, "source", f"{kind.__module__}.{kind.__qualname__}")),
        "is_value": bool(getattr(model, "is_value", True)),
        "needs_training": learns,
        "__module__": __name__,
    }
    wrapper: type[Wrapped] = type(f"Wrapped{kind.__name__}", (Wrapped,), attributes)
    return wrapper(model=model)
