"""Evaluator: scores predictions on a protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench import metrics
from nape_bench.errors import ProtocolError
from nape_bench.evaluation.environment import environment
from nape_bench.evaluation.predictions import Predictions, PredictionsLike, normalise
from nape_bench.evaluation.protocols import protocol as find_protocol
from nape_bench.evaluation.result import (
    Counts,
    PredictorFacts,
    Result,
    Seconds,
    Subset,
)
from nape_bench.evaluation.task import Task, open_task
from nape_bench.metrics import EVALUATOR_VERSION

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from nape_bench.data import Dataset
    from nape_bench.evaluation.protocols.base import Protocol
    from nape_bench.metrics import Interval


SHOTS = "shots"
LABELLED_PARTS = ("train", "validation", SHOTS)
"""What a protocol may give labels of: two splits, and a few rows of the test for each seed."""


class Evaluator:
    """Scores predictions on a protocol.

        evaluator = nape_bench.Evaluator("in-family/hiaml")
        result = evaluator.evaluate({id: value for id, value in zip(evaluator.ids, values)})
        print(result)

    Args:
        protocol: A protocol or its name.
        dataset: The protocol's dataset where it has been loaded already, as from a path.

    Raises:
        UnknownNameError: No such protocol, dataset, config or label.
        ProtocolError: The protocol's name is malformed, a part has no labels, or `dataset` is
            another than the protocol's.
        DataError: A test row has the group of a row whose label may be seen.

    Attributes:
        task: The protocol on its data.
    """

    def __init__(self, protocol: str | Protocol, *, dataset: Dataset | None = None) -> None:
        found = find_protocol(protocol) if isinstance(protocol, str) else protocol
        self.task: Task = open_task(found, dataset)

    @property
    def protocol(self) -> Protocol:
        """The protocol."""
        return self.task.protocol

    @property
    def ids(self) -> list[str]:
        """The ids of the test: what is predicted, in the order in which arrays are read."""
        return list(self.task.test.ids)

    @property
    def label_budget(self) -> int:
        """The number of labels that a predictor may see."""
        return self.task.label_budget

    def evaluate(
        self,
        predictions: PredictionsLike,
        *,
        predictor: str | PredictorFacts = "predictions",
        is_value: bool = True,
    ) -> Result:
        """Score predictions.

        Args:
            predictions: `{id: value}`; `{seed: {id: value}}`; an array [items] or [seeds, items]
                in the order of `ids`; or the path of a CSV, Parquet or JSON file
                (`prediction_files.read_predictions`).
            predictor: What they are called in the result.
            is_value: Whether they are in the unit of the label; a score has no MAE. A score is
                higher for what should have a higher label, also where a lower one is better.

        Raises:
            ProtocolError: Ids are missing, unknown or given twice, values are not finite, or all
                test labels are equal.
            DataError: The file cannot be read.
        """
        normal = normalise(predictions, self.ids, self.protocol.name)
        if isinstance(predictor, str):
            predictor = PredictorFacts(predictor, predictor, is_value)
        return self.result(normal, predictor)

    def result(
        self,
        predictions: Predictions,
        predictor: PredictorFacts,
        *,
        seconds: Seconds | None = None,
        parts_seen: Collection[str] = LABELLED_PARTS,
        notes: tuple[str, ...] = (),
    ) -> Result:
        """Score predictions that are in normal form.

        Args:
            predictions: In the order of `ids`.
            predictor: Who made them.
            seconds: How long it took.
            parts_seen: Of `LABELLED_PARTS` those whose labels the predictor was given.
            notes: What else a reader must know.
        """
        task = self.task
        everything = np.ones(len(task.test), dtype=bool)
        parts = task.parts(predictions.seeds)
        try:
            scored = self._score(predictions, predictor, parts, everything)
        except ValueError as error:
            raise ProtocolError(f"{self.protocol.name}: {error}") from None
        subsets = {
            name: Subset(int(mask.sum()), self._score(predictions, predictor, parts, mask))
            for name, mask in task.subsets.items()
        }
        seen = {
            part: len(rows) if rows is not None and part in parts_seen else 0
            for part, rows in (("train", task.train), ("validation", task.validation))
        }
        if SHOTS in parts_seen:
            seen["train"] += self.protocol.shots
        counts = Counts(
            test=len(task.test),
            **seen,
            label_budget=task.label_budget,
            left_out=dict(task.left_out),
        )
        return Result(
            protocol=self.protocol.name,
            protocol_seeds=self.protocol.seeds,
            dataset=task.dataset,
            predictor=predictor,
            seeds=predictions.seeds,
            counts=counts,
            metrics=scored,
            subsets=subsets,
            notes=(*self.notes, *notes),
            environment=environment(),
            evaluator=EVALUATOR_VERSION,
            seconds=seconds,
            ids=tuple(task.test.ids),
            predictions=dict(zip(predictions.seeds, predictions.values, strict=True)),
            truth=task.truth(predictions.seeds),
        )

    def _score(
        self,
        predictions: Predictions,
        predictor: PredictorFacts,
        parts: np.ndarray | None,
        mask: np.ndarray,
    ) -> Mapping[str, Interval]:
        return metrics.score(
            self.task.test.y[mask],
            predictions.values[:, mask],
            parts=None if parts is None else parts[:, mask],
            higher_is_better=self.task.dataset.higher_is_better,
            is_value=predictor.is_value,
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of any result on this protocol must know, in sentences."""
        notes = []
        gone = {part: n for part, n in self.task.left_out.items() if n}
        if gone:
            listed = ", ".join(f"{n} of {part}" for part, n in gone.items())
            notes.append(
                f"Rows without the label {self.task.dataset.target} were left out: {listed}."
            )
        source = self.task.source
        if source is not None:
            notes.append(
                f"Labels to be fitted to are of {source.name} ({source.config}) "
                f"{source.version}, content {source.content_hash}."
            )
        if self.task.known is not None:
            rows, listed = self.protocol.known_rows, ", ".join(self.task.known.labels)
            told = f"{rows} rows, not scored, nor their isomorphs" if rows else "every row"
            notes.append(f"May be seen of {told}, and counted: {listed}.")
        if self.task.auxiliary:
            versions = {f"{a.dataset}/{a.config}": a.version for a in self.protocol.auxiliary}
            listed = ", ".join(
                f"{len(rows)} of {name} {versions[name] or '(newest)'}"
                for name, rows in self.task.auxiliary.items()
            )
            notes.append(f"Labels of other tasks that may be learnt from first: {listed}.")
        if self.protocol.pool:
            notes.append(
                f"Each seed has {self.protocol.pool} rows drawn for it, of which a predictor may "
                f"choose {self.protocol.shots} whose labels it sees; it is scored on the others, "
                "without isomorphs of these."
            )
        elif self.protocol.shots:
            notes.append(
                f"Each seed has {self.protocol.shots} rows drawn for it, whose labels it may see; "
                "it is scored on the others, without isomorphs of these."
            )
        return tuple(notes)

    def __repr__(self) -> str:
        facts: dict[str, Any] = {"test rows": len(self.task.test), "labels": self.label_budget}
        listed = ", ".join(f"{n} {name}" for name, n in facts.items())
        return f"Evaluator({self.protocol.name!r}: {listed})"
