"""The registry of predictors, filled by importing every module of this package."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from nape_bench.registry import Registry, import_modules, unknown_name

if TYPE_CHECKING:
    from nape_bench.predictors.base import Predictor

    P = TypeVar("P", bound=Predictor)

_PREDICTORS: Registry[type[Predictor]] = Registry("predictor")


def register(cls: type[P]) -> type[P]:
    """Class decorator: make a predictor known under its name."""
    _PREDICTORS.add(cls.name, cls)
    return cls


@cache
def predictors() -> Registry[type[Predictor]]:
    """Return all predictor classes by name."""
    import_modules("nape_bench.predictors")
    return _PREDICTORS


def predictor(name: str, **settings: Any) -> Predictor:
    """Make a predictor: `predictor("kgnn", seed=1, epochs=40)`.

    Args:
        name: Its name.
        **settings: `seed`, `progress` and hyperparameters of its own.

    Raises:
        UnknownNameError: No such predictor, or it has no such setting; the message gives the
            nearest names.
    """
    cls = predictors()[name]
    known = cls.setting_names()
    for setting in settings:
        if setting not in known:
            raise unknown_name(f"setting of predictor {name!r}", setting, known)
    return cls(**settings)
