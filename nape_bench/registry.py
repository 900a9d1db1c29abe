"""Named registries: a duplicate name is an error, an unknown one is answered with the nearest."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from typing import TYPE_CHECKING, Generic, TypeVar

from nape_bench.errors import UnknownNameError, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")

NEAR = 0.55
"""Names are near that have this share of letters in common; `fbnet` and `ofa_resnet` have 0.53."""

LISTED = 12
"""So many names, at most, are told where none is near."""


def unknown_name(kind: str, name: str, known: Iterable[str], hint: str = "") -> UnknownNameError:
    """Make the error for a name that nobody knows.

    Args:
        kind: What the name stands for, as a reader would say it ("space", "predictor").
        name: The name that was asked for.
        known: All names that exist.
        hint: A closing sentence, for instance the command that lists the names.

    Returns:
        An error whose message gives the nearest names; where none is near, all that there are, or
        the first dozen of them.
    """
    names = sorted(known)
    near = difflib.get_close_matches(str(name), names, n=3, cutoff=NEAR)
    if near:
        told = f"did you mean {', '.join(near)}?"
    else:
        more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
        told = f"known are {', '.join(names[:LISTED]) or 'none'}{more}."
    tail = f" {hint}" if hint else ""
    return UnknownNameError(f"unknown {kind} {shortened(repr(name))}: {told}{tail}")


def import_modules(package: str) -> None:
    """Import every module that lies directly in a package, so that each registers what it defines.

    Args:
        package: Its full name, for instance "nape_bench.spaces".
    """
    found = importlib.import_module(package)
    for module in pkgutil.iter_modules(found.__path__):
        importlib.import_module(f"{package}.{module.name}")


class Registry(Generic[T]):
    """A mapping from names to entries that refuses duplicates.

    Args:
        kind: What an entry is, for messages ("space", "predictor").
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, T] = {}

    def add(self, name: str, entry: T) -> T:
        """Add `entry` under `name`.

        Raises:
            ValueError: The name is taken.
        """
        if name in self._entries:
            raise ValueError(f"duplicate {self.kind} {name!r}")
        self._entries[name] = entry
        return entry

    def __getitem__(self, name: str) -> T:
        """Return the entry, or raise `UnknownNameError` with the nearest names."""
        try:
            return self._entries[name]
        except KeyError:
            raise unknown_name(self.kind, name, self._entries) from None

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        return len(self._entries)
