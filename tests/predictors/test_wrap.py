"""Objects of one's own are evaluated as predictors are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nape_bench.predictors.base import SettingError
from nape_bench.predictors.wrap import wrap
from tests.graph.networks import table

if TYPE_CHECKING:
    from nape_bench.graph import GraphTable


class Linear:
    """Least squares on log FLOPs; remembers what it was given."""

    def __init__(self) -> None:
        self.seed = 7
        self.validation: Any = None

    def fit(self, graphs: GraphTable, y: np.ndarray, validation: Any = None) -> None:
        self.slope, self.offset = np.polyfit(np.log(graphs.flops()), y, 1)
        self.validation = validation

    def predict(self, graphs: GraphTable) -> list[float]:
        return list(self.slope * np.log(graphs.flops()) + self.offset)


class Score:
    name, is_value = "score", False

    def predict(self, graphs: GraphTable) -> np.ndarray:
        return graphs.params()


def test_an_object_that_learns() -> None:
    graphs, model = table(20), Linear()
    y = 3 * np.log(graphs.flops()) + 2
    wrapped = wrap(model)
    assert (wrapped.name, wrapped.is_value, wrapped.needs_training) == ("Linear", True, True)
    fresh = type(wrapped)(**{**wrapped.settings, "seed": 3})
    fresh.fit(graphs, y, validation=(graphs, y))
    np.testing.assert_allclose(fresh.predict(graphs), y)
    assert fresh.predict(graphs).dtype == np.float64
    assert (fresh._copy.seed, model.seed) == (3, 7)
    assert fresh._copy.validation is not None
    assert model.validation is None


def test_an_object_that_only_scores() -> None:
    wrapped = wrap(Score())
    assert (wrapped.name, wrapped.is_value, wrapped.needs_training) == ("score", False, False)
    assert wrapped.predict(table(5)).tolist() == table(5).params().tolist()


@pytest.mark.parametrize(("thing", "told"), [(3, "has no predict"), (Linear, "is a class")])
def test_what_is_no_predictor(thing: object, told: str) -> None:
    with pytest.raises(SettingError, match=told):
        wrap(thing)
