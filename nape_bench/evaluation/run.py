"""evaluate: fit a predictor once a seed, let it predict, and score it."""

from __future__ import annotations

import json
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.errors import ProtocolError
from nape_bench.evaluation.evaluator import LABELLED_PARTS, SHOTS, Evaluator
from nape_bench.evaluation.fits import learn_few, learn_shared
from nape_bench.evaluation.predictions import Predictions, normalise
from nape_bench.evaluation.result import PredictorFacts, Result, Seconds
from nape_bench.predictors import Predictor, predictors
from nape_bench.predictors import predictor as find_predictor
from nape_bench.predictors.wrap import wrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nape_bench.evaluation.fits import Fits
    from nape_bench.evaluation.protocols.base import Protocol
    from nape_bench.evaluation.task import Task

ONCE = "Needs no training: run once, and shown no labels."
UNKNOWN = "Makes no use of the other labels that may be seen."
UNTAUGHT = "Does not learn from the labels of other tasks that may be seen."
FEW_ALONE = "Cannot be fine-tuned: fitted to the few labels of the test's own alone."


def evaluate(
    predictor: str | Predictor | type[Predictor] | object,
    protocol: str | Protocol | Evaluator,
    *,
    seeds: int | Sequence[int] | None = None,
    progress: bool = False,
    fits: Fits | None = None,
) -> Result:
    """Fit a predictor on a protocol's labels, once a seed, and score what it predicts.

        print(nape_bench.evaluate("gbdt", "in-family/hiaml"))
        print(nape_bench.evaluate(MyPredictor(width=64), "in-family/hiaml", seeds=3))

    Each seed has a predictor of its own, made anew with that seed: an instance that is given
    says which settings it has, and stays as it is. A predictor that needs no training is run
    once, and sees no labels.

    Args:
        predictor: A predictor, its class, the name of one in the registry, or any object with
            `fit(graphs, y)` and `predict(graphs)` (`nape_bench.predictors.wrap`).
        protocol: A protocol, its name, or an evaluator that has opened it.
        seeds: Which seeds, or how many (0, 1, ...); the protocol's own if not said.
        progress: Whether progress is shown on standard error.
        fits: What is kept of evaluations of the same predictor on protocols that were before, and
            of this one for those to come.

    Raises:
        UnknownNameError: No such predictor, protocol, dataset or config.
        SettingError: The object has no `fit` or `predict`.
        ProtocolError: The protocol gives no labels and the predictor needs training; what it
            predicts is not finite or not one number a row; the seeds are no seeds.
    """
    evaluator = protocol if isinstance(protocol, Evaluator) else None
    cls, settings = _class_and_settings(predictor)
    wanted = _seeds(seeds)
    if evaluator is None:
        evaluator = Evaluator(protocol)  # type: ignore[arg-type]
    task = evaluator.task
    if cls.needs_training and not task.gives_labels:
        raise ProtocolError(
            f"{task.protocol.name} gives no labels, and {cls.name} needs training: take one that "
            f"needs none ({', '.join(_without_training())}), or hand what a predictor trained "
            "elsewhere predicts to Evaluator.evaluate (`nape-bench evaluate`)"
        )
    scored = scored_seeds(cls, task, wanted)
    notes = _notes(cls, task)
    run = scored if cls.needs_training else scored[:1]
    rows, fit_seconds, predict_seconds = [], [], []
    for seed in _shown(run, cls.name, progress):
        fresh = cls(**{**settings, "seed": seed, "progress": progress})
        fitted, seconds = _fitted(fresh, task, seed, fits)
        fit_seconds.append(seconds)
        start = perf_counter()
        predicted = fitted.predict(task.test.graphs)
        predict_seconds.append(perf_counter() - start)
        rows.append(_checked(predicted, evaluator, f"{cls.name}, seed {seed}: "))
    if len(run) < len(scored):
        # One run, scored on the rows that each seed is scored on.
        rows, fit_seconds = rows * len(scored), fit_seconds * len(scored)
        predict_seconds *= len(scored)
    return evaluator.result(
        Predictions(scored, np.stack(rows)),
        _facts(cls, settings),
        seconds=Seconds(tuple(fit_seconds), tuple(predict_seconds)),
        parts_seen=_parts_seen(cls, task),
        notes=notes,
    )


def scored_seeds(
    cls: type[Predictor], task: Task, seeds: Sequence[int] | None = None
) -> tuple[int, ...]:
    """Return the seeds that a result has: one alone where a predictor and its test never change.

    Args:
        cls: The predictor's class.
        task: The protocol, opened.
        seeds: The seeds that are asked for, if not the protocol's own.
    """
    chosen = tuple(seeds or task.protocol.seeds)
    return chosen if cls.needs_training or task.protocol.shots else chosen[:1]


def facts(predictor: Predictor) -> PredictorFacts:
    """Return what a result says of a predictor."""
    return _facts(*_class_and_settings(predictor))


def _parts_seen(cls: type[Predictor], task: Task) -> tuple[str, ...]:
    if not cls.needs_training:
        return ()
    return (SHOTS,) if _sees_few_alone(cls, task) else LABELLED_PARTS


def _sees_few_alone(cls: type[Predictor], task: Task) -> bool:
    return task.train is not None and task.protocol.shots > 0 and not cls.can_fine_tune


def _notes(cls: type[Predictor], task: Task) -> tuple[str, ...]:
    if not cls.needs_training:
        return (ONCE,)
    notes = (FEW_ALONE,) if _sees_few_alone(cls, task) else ()
    if task.known is not None and not cls.can_learn_known:
        notes = (*notes, UNKNOWN)
    return (*notes, UNTAUGHT) if task.auxiliary and not cls.can_learn_auxiliary else notes


def _class_and_settings(
    predictor: str | Predictor | type[Predictor] | object,
) -> tuple[type[Predictor], dict[str, Any]]:
    """Say how predictors alike are made: their class, and settings other than the seed."""
    if isinstance(predictor, type) and issubclass(predictor, Predictor):
        predictor = predictor()
    elif isinstance(predictor, str):
        predictor = find_predictor(predictor)
    if not isinstance(predictor, Predictor) or _overrides_fit_alone(type(predictor)):
        predictor = wrap(predictor)
    settings = {k: v for k, v in predictor.settings.items() if k not in ("seed", "progress")}
    return type(predictor), settings


def _overrides_fit_alone(cls: type[Predictor]) -> bool:
    """Return whether a class has a `fit` of its own, with arguments of its own, and no `_fit`."""
    return cls._fit is Predictor._fit and cls.fit is not Predictor.fit


def _seeds(seeds: int | Sequence[int] | None) -> tuple[int, ...] | None:
    if seeds is None:
        return None
    listed = tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)
    plain = all(isinstance(s, (int, np.integer)) and s >= 0 for s in listed)
    if not listed or not plain or len(set(listed)) < len(listed):
        raise ProtocolError(
            f"seeds are a positive number of seeds, or different integers of at least 0, not "
            f"{seeds!r}"
        )
    return tuple(int(s) for s in listed)


def _without_training() -> list[str]:
    known = predictors()
    return [name for name in known if not known[name].needs_training]


def _shown(seeds: tuple[int, ...], name: str, progress: bool) -> Iterable[int]:
    if not progress or len(seeds) == 1:
        return seeds
    from tqdm import tqdm

    bar: Iterable[int] = tqdm(seeds, desc=name, unit="seed", leave=False)
    return bar


def _fitted(fresh: Predictor, task: Task, seed: int, fits: Fits | None) -> tuple[Predictor, float]:
    """Return the predictor once it has learnt, if it needs that, and the seconds it took.

    Where a protocol gives labels to be fitted to and a few more of the test's own, a predictor
    that can be is fine-tuned on these, and another is fitted to these alone.
    """
    if not fresh.needs_training or not task.gives_labels:
        return fresh, 0.0
    if fits is None:
        fitted, seconds = fresh, learn_shared(fresh, task)
    else:
        fitted, seconds = fits.take(fresh, task, seed)
    return fitted, seconds + learn_few(fitted, task, seed)


def _checked(predicted: np.ndarray, evaluator: Evaluator, where: str) -> np.ndarray:
    try:
        values: np.ndarray = normalise(predicted, evaluator.ids, evaluator.protocol.name).values[0]
    except ProtocolError as error:
        raise ProtocolError(f"{where}{error}") from None
    return values


def _facts(cls: type[Predictor], settings: dict[str, Any]) -> PredictorFacts:
    return PredictorFacts(
        name=cls.name,
        title=cls.title,
        is_value=cls.is_value,
        # What JSON has no form for is told by its type: a repr may differ from run to run.
        settings=json.loads(json.dumps(settings, default=_type_name)),
        source=cls.source,
    )


def _type_name(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"
