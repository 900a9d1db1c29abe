"""The registry of spaces, filled by importing every module of this package."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from nape_bench.registry import Registry, import_modules

if TYPE_CHECKING:
    from nape_bench.spaces.base import Space

_SPACES: Registry[Space] = Registry("space")


def register(cls: type[Space]) -> type[Space]:
    """Class decorator: make one instance of a space known under its name."""
    _SPACES.add(cls.name, cls())
    return cls


@cache
def spaces() -> Registry[Space]:
    """Return all spaces by name."""
    import_modules("nape_bench.spaces")
    return _SPACES


def space(name: str) -> Space:
    """Return a space by name: `space("hiaml").build(spec)`.

    Raises:
        UnknownNameError: No such space; the message gives the nearest names.
    """
    return spaces()[name]
