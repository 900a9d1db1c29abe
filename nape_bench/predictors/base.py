"""Predictor: what is fitted on graphs with a label, and says the label of others."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nape_bench.errors import DataError, NapeError
from nape_bench.graph import GraphTable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import ArrayLike
    from typing_extensions import Self


class NotFittedError(NapeError, RuntimeError):
    """A predictor that needs training was asked before it was fitted."""


class SettingError(NapeError, ValueError):
    """A predictor cannot be made or run with this setting."""


class Predictor:
    """An estimator of one label.

    A predictor of your own defines the class attributes, `_fit` and `_predict`; what comes in and
    goes out is checked here. Settings are keyword arguments of `__init__`, kept as attributes of
    the same names. (A class that defines `fit` and `predict` themselves, and any other object that
    has them, is evaluated as well: `wrap`.)

    Args:
        seed: Seed of all that is drawn; equal seeds give equal predictions.
        progress: Whether `fit` and `fine_tune` show a progress bar.

    Attributes:
        name: What the registry calls it.
        title: What a reader calls it.
        source: The publication that it comes from.
        is_value: Whether it predicts the label's value; else only a score that ranks, higher for
            more of the label.
        needs_training: Whether it must be fitted before it predicts.
        can_fine_tune: Whether it can go on learning once it was fitted: it defines `_fine_tune`.
        can_learn_known: Whether it makes use of other labels: it defines `_learn_known`.
        can_learn_auxiliary: Whether it learns from other tasks: it defines `_learn_auxiliary`.
        can_choose: Whether it chooses which networks to label: it defines `_choose`.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    source: ClassVar[str]
    is_value: ClassVar[bool] = True
    needs_training: ClassVar[bool] = True
    can_fine_tune: ClassVar[bool] = False
    can_learn_known: ClassVar[bool] = False
    can_learn_auxiliary: ClassVar[bool] = False
    can_choose: ClassVar[bool] = False

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.can_fine_tune = cls._fine_tune is not Predictor._fine_tune
        cls.can_learn_known = cls._learn_known is not Predictor._learn_known
        cls.can_choose = cls._choose is not Predictor._choose
        cls.can_learn_auxiliary = cls._learn_auxiliary is not Predictor._learn_auxiliary

    def __init__(self, *, seed: int = 0, progress: bool = False) -> None:
        self.seed = seed
        self.progress = progress
        self._fitted = False

    @classmethod
    def setting_names(cls) -> tuple[str, ...]:
        """Return the names of the keyword arguments that it is made with."""
        return tuple(inspect.signature(cls).parameters)

    @property
    def settings(self) -> dict[str, Any]:
        """What it was made with, by name: `type(p)(**p.settings)` is a predictor alike."""
        return {name: getattr(self, name) for name in self.setting_names()}

    def _fit(
        self,
        graphs: GraphTable,
        y: np.ndarray,
        validation: tuple[GraphTable, np.ndarray] | None,
    ) -> None:
        """Learn; arguments as those of `fit`, checked."""
        raise NotImplementedError(f"{type(self).__name__} defines neither _fit nor fit")

    def _predict(self, graphs: GraphTable) -> np.ndarray:
        """Return numbers [n] for one graph or more."""
        raise NotImplementedError(f"{type(self).__name__} defines neither _predict nor predict")

    def _fine_tune(self, graphs: GraphTable, y: np.ndarray) -> None:
        raise NotImplementedError(f"predictor {self.name!r} cannot be fine-tuned: fit it anew")

    def _learn_known(self, graphs: GraphTable, labels: dict[str, np.ndarray]) -> None:
        raise NotImplementedError(f"predictor {self.name!r} makes no use of other labels")

    def _learn_auxiliary(self, tasks: dict[str, tuple[GraphTable, np.ndarray]]) -> None:
        raise NotImplementedError(f"predictor {self.name!r} learns from no other tasks")

    def _choose(self, graphs: GraphTable, count: int) -> np.ndarray:
        raise NotImplementedError(f"predictor {self.name!r} chooses no networks to label")

    def _learnt(self) -> dict[str, Any]:
        """Return what was learnt: numpy arrays, and what JSON has a form for, by name."""
        raise NotImplementedError(f"predictor {self.name!r} cannot be saved")

    def _set_learnt(self, learnt: dict[str, Any]) -> None:
        """Take over what `_learnt` of a predictor with the same settings returned."""
        raise NotImplementedError(f"predictor {self.name!r} cannot be saved")

    def fit(
        self,
        graphs: GraphTable,
        y: ArrayLike,
        *,
        validation: tuple[GraphTable, ArrayLike] | None = None,
    ) -> Self:
        """Learn from labelled graphs; what was learnt before is forgotten.

        Args:
            graphs: n >= 1 graphs.
            y: Their labels, in whatever unit, finite, [n].
            validation: Further graphs and labels to choose by, for instance the epoch; they are
                part of the label budget.

        Returns:
            The predictor itself.

        Raises:
            DataError: The graphs are no table, there are none, or the labels are not one finite
                number each; the row is named.
        """
        labels = _labels("training", graphs, y)
        held_out = None
        if validation is not None:
            held_out = (validation[0], _labels("validation", *validation))
        self._fit(graphs, labels, held_out)
        self._fitted = True
        return self

    def predict(self, graphs: GraphTable) -> np.ndarray:
        """Return the prediction for each graph, float64 [n], in the unit of the labels.

        Raises:
            NotFittedError: It needs training and had none.
            DataError: The graphs are no table.
        """
        self._check_fitted("predict")
        _check_table("graphs", graphs)
        if len(graphs) == 0:
            return np.zeros(0)
        return np.asarray(self._predict(graphs), dtype=np.float64)

    def learn_known(self, graphs: GraphTable, labels: Mapping[str, ArrayLike]) -> Self:
        """Take in other labels of architectures, before `fit`; those to be predicted may be there.

        Args:
            graphs: n >= 1 graphs.
            labels: Label -> its values, [n], NaN where there is none: latencies on other devices.

        Returns:
            The predictor itself.

        Raises:
            NotImplementedError: This predictor makes no use of them.
            DataError: The graphs are no table, there are no labels, or a label has not one number
                for each graph, or no finite one.
        """
        _check_table("graphs", graphs)
        read = {name: np.asarray(values, dtype=np.float64) for name, values in labels.items()}
        for name, values in read.items():
            if values.shape != (len(graphs),) or not np.isfinite(values).any():
                raise DataError(
                    f"known label {name} has the shape {list(values.shape)} and "
                    f"{int(np.isfinite(values).sum())} finite values, for {len(graphs)} graphs"
                )
        if not read:
            raise DataError("no other labels are given: at least one is needed")
        self._learn_known(graphs, read)
        return self

    def learn_auxiliary(self, tasks: Mapping[str, tuple[GraphTable, ArrayLike]]) -> Self:
        """Take in labels of other tasks, before `fit`.

        Args:
            tasks: Name of a task -> n >= 1 graphs and their labels, finite, [n].

        Returns:
            The predictor itself.

        Raises:
            NotImplementedError: This predictor learns from none.
            DataError: There are no tasks, or as in `fit`; the task is named.
        """
        if not tasks:
            raise DataError("no other tasks are given: at least one is needed")
        self._learn_auxiliary(
            {name: (graphs, _labels(name, graphs, y)) for name, (graphs, y) in tasks.items()}
        )
        return self

    def choose(self, graphs: GraphTable, count: int) -> np.ndarray:
        """Choose which networks to label, before any label of theirs is seen.

        Args:
            graphs: n graphs.
            count: How many, at most n.

        Returns:
            Numbers of graphs, all different, int64 [count].

        Raises:
            NotImplementedError: This predictor does not choose.
            DataError: The graphs are no table, they are fewer than that, or what is chosen are not
                so many different ones of them.
        """
        _check_table("graphs", graphs)
        if not 1 <= count <= len(graphs):
            raise DataError(f"{count} of {len(graphs)} graphs cannot be chosen")
        chosen = np.asarray(self._choose(graphs, count), dtype=np.int64)
        if chosen.shape != (count,) or not set(chosen.tolist()) <= set(range(len(graphs))):
            raise DataError(f"predictor {self.name!r} was to choose {count}, and chose {chosen}")
        if len(np.unique(chosen)) < count:
            raise DataError(f"predictor {self.name!r} chose a graph twice: {chosen}")
        return chosen

    def fine_tune(self, graphs: GraphTable, y: ArrayLike) -> Self:
        """Go on learning from a few labelled graphs, as of another family.

        Args:
            graphs: n >= 1 graphs.
            y: Their labels, finite, [n].

        Returns:
            The predictor itself.

        Raises:
            NotImplementedError: This predictor cannot.
            NotFittedError: It was not fitted before.
            DataError: As in `fit`.
        """
        if self.can_fine_tune:
            self._check_fitted("fine_tune")
        self._fine_tune(graphs, _labels("fine-tuning", graphs, y))
        return self

    def save(self, folder: str | Path) -> Path:
        """Write it and what it has learnt as JSON and safetensors (`saving.save`)."""
        from nape_bench.predictors.saving import save

        return save(self, folder)

    @staticmethod
    def load(folder: str | Path, **settings: Any) -> Predictor:
        """Read what `save` wrote (`saving.load`)."""
        from nape_bench.predictors.saving import load

        return load(folder, **settings)

    def learnt(self) -> dict[str, Any]:
        """Return what it has learnt: numpy arrays, and numbers and text, by name.

        Raises:
            NotFittedError: It needs training and had none.
            NotImplementedError: It has no such form.
        """
        self._check_fitted("learnt")
        return self._learnt() if self.needs_training else {}

    def set_learnt(self, learnt: Mapping[str, Any]) -> Self:
        """Take over what `learnt` of a predictor with the same settings returned."""
        if self.needs_training:
            self._set_learnt(dict(learnt))
            self._fitted = True
        return self

    def _check_fitted(self, asked: str) -> None:
        if self.needs_training and not self._fitted:
            raise NotFittedError(f"predictor {self.name!r} is not fitted: call fit before {asked}")

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return f"{type(self).__name__}({inside})"


class Score(Predictor):
    """A score that is read off a graph: labels change nothing, and it is on no label's scale."""

    is_value = False
    needs_training = False

    def _fit(self, *_: object) -> None:
        """Learn nothing."""


def _check_table(what: str, graphs: object) -> None:
    if not isinstance(graphs, GraphTable):
        raise DataError(
            f"{what} must be a GraphTable, not {type(graphs).__name__}: pack graphs with "
            "GraphTable.from_graphs"
        )


def _labels(what: str, graphs: GraphTable, y: ArrayLike) -> np.ndarray:
    """Return labels as float64 [n], once they are one finite number for each of n >= 1 graphs."""
    _check_table(f"{what} graphs", graphs)
    labels = np.asarray(y, dtype=np.float64)
    if labels.shape != (len(graphs),):
        raise DataError(
            f"{what}: labels of shape {list(labels.shape)} for {len(graphs)} graphs; one number "
            "for each graph is expected"
        )
    if len(labels) == 0:
        raise DataError(f"{what}: there are no graphs; at least one is needed")
    bad = np.flatnonzero(~np.isfinite(labels))
    if len(bad):
        raise DataError(
            f"{what}: the label of graph {bad[0]} is {labels[bad[0]]}, not finite "
            f"({len(bad)} of {len(labels)} are not); leave such rows out"
        )
    return labels
