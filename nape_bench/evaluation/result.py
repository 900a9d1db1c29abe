"""Result: what one entry got on one protocol, with all that is needed to say what was measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np

    from nape_bench.data import Dataset
    from nape_bench.evaluation.task import DatasetFacts
    from nape_bench.metrics import Interval
    from nape_bench.picture import Picture


@dataclass(frozen=True)
class PredictorFacts:
    """Who predicted.

    Attributes:
        name: The predictor's name, or what the predictions were called.
        title: What a reader calls it.
        is_value: Whether it predicts the label's value; a mere score has no MAE.
        settings: Its hyperparameters, as plain JSON.
        source: The publication that it comes from, "" where none is known.
    """

    name: str
    title: str
    is_value: bool
    settings: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True)
class Subset:
    """Metrics on a part of the test.

    Attributes:
        n: How many test rows are in it.
        metrics: Each metric with its interval, by name.
    """

    n: int
    metrics: Mapping[str, Interval]


@dataclass(frozen=True)
class Counts:
    """How many rows and labels a result stands on.

    Attributes:
        test: Rows that were predicted.
        train: Rows whose labels the predictor was fitted to; for predictions from elsewhere,
            those that the protocol gives.
        validation: Rows whose labels it could use to stop or to choose, likewise.
        label_budget: Labels that the protocol lets a predictor see.
        left_out: Rows without the label, by part; they are in no count above.
    """

    test: int
    train: int
    validation: int
    label_budget: int
    left_out: Mapping[str, int]


@dataclass(frozen=True)
class Seconds:
    """Wall-clock seconds, one value a seed; None where predictions came from elsewhere.

    Attributes:
        fit: To fit.
        predict: To predict the whole test.
    """

    fit: tuple[float, ...]
    predict: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Result:
    """What one entry got on one protocol.

    Attributes:
        protocol: The name of the protocol.
        protocol_seeds: The seeds that it asks for.
        dataset: Which labels, of which version.
        predictor: Who predicted.
        seeds: The seeds of the runs.
        counts: How many rows and labels.
        metrics: Each metric with its 95 % interval over test rows and seeds, by name; its
            `value` is the mean over seeds, and `per_seed` stands in the order of `seeds`.
        subsets: Metrics on parts of the test, by name ("no-none").
        notes: What a reader must know, in sentences.
        environment: Versions of what ran.
        evaluator: Version of what scored.
        seconds: How long it took, or None for predictions from elsewhere.
        ids: The ids of the test.
        predictions: The predictions of each seed, float64 [rows] in the order of `ids`.
        truth: The labels that each seed was scored on, float64 [seeds, rows], NaN where it has
            seen them; None where the result was read from files, which hold no labels.
    """

    protocol: str
    protocol_seeds: tuple[int, ...]
    dataset: DatasetFacts
    predictor: PredictorFacts
    seeds: tuple[int, ...]
    counts: Counts
    metrics: Mapping[str, Interval]
    subsets: Mapping[str, Subset]
    notes: tuple[str, ...]
    environment: Mapping[str, str]
    evaluator: str
    seconds: Seconds | None
    ids: tuple[str, ...] = field(repr=False)
    predictions: Mapping[int, np.ndarray] = field(repr=False)
    truth: np.ndarray | None = field(default=None, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return all but ids and predictions as plain JSON (`schema.to_dict`)."""
        from nape_bench.evaluation.schema import to_dict

        return to_dict(self)

    def to_json(self) -> str:
        """Return `to_dict` as JSON text."""
        from nape_bench.evaluation.schema import to_json

        return to_json(self)

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Write `result.json` and one `predictions-<seed>.parquet` a seed (`store.save`)."""
        from nape_bench.evaluation.store import save

        return save(self, folder, overwrite=overwrite)

    @classmethod
    def load(cls, folder: str | Path) -> Result:
        """Read what `save` wrote, and check it (`store.load`)."""
        from nape_bench.evaluation.store import load

        return load(folder)

    def scatter(self, *, seed: int | None = None, dataset: Dataset | None = None) -> Picture:
        """Draw predictions against true labels, as an SVG (`pictures.scatter_of`).

            result.scatter()  # in a notebook it is shown

        Args:
            seed: The seed whose predictions are drawn; None: those of all seeds together.
            dataset: The dataset of the true labels, where the result was read from files and the
                dataset lies in a folder that must be named.
        """
        from nape_bench.evaluation.pictures import scatter_of

        return scatter_of(self, seed=seed, dataset=dataset)

    def _repr_html_(self) -> str:
        """Return the table, and the picture where the true labels are at hand, for notebooks."""
        picture = "" if self.truth is None else self.scatter()
        return f"<pre>{escape(str(self))}</pre>{picture}"

    def __str__(self) -> str:
        from nape_bench.evaluation.tables import describe

        return describe([self])
