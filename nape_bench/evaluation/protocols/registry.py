"""The registry of protocol families, and the protocol that a name stands for."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from nape_bench.errors import ProtocolError
from nape_bench.registry import Registry, import_modules, unknown_name

if TYPE_CHECKING:
    from nape_bench.evaluation.protocols.base import Protocol, ProtocolFamily

HINT = "`nape-bench protocols` lists them."

_FAMILIES: Registry[ProtocolFamily] = Registry("protocol family")


def add_family(family: ProtocolFamily) -> ProtocolFamily:
    """Make a family of protocols known under its name."""
    return _FAMILIES.add(family.name, family)


@cache
def protocol_families() -> Registry[ProtocolFamily]:
    """Return all families of protocols by name."""
    import_modules("nape_bench.evaluation.protocols")
    return _FAMILIES


def known_protocols() -> list[str]:
    """List the names of all protocols that can be run on the datasets at hand."""
    from nape_bench.evaluation.protocols.at_hand import AtHand

    at_hand = AtHand()
    families = protocol_families()
    names = (name for family in families for name in families[family].names(at_hand.pairs))
    return [name for name in names if at_hand.has(protocol(name))]


def protocol(name: str) -> Protocol:
    """Return the protocol that a name stands for.

    Whether its dataset is at hand is seen when it is opened (`Evaluator`).

    Args:
        name: As in "in-family/hiaml" or "zero-shot/nb201/cifar10"; a version of the dataset may
            follow, as in "in-family/hiaml@v1.0".

    Raises:
        UnknownNameError: No family of protocols has such names; the message gives the nearest.
        ProtocolError: The name does not fit its family's pattern.
    """
    families = protocol_families()
    plain, at, version = name.partition("@")
    first, *rest = plain.split("/")
    if first not in families:
        raise unknown_name("protocol", name, known_protocols() or _examples(), HINT)
    made = families[first].make(rest)
    if not at:
        return made
    if not version:
        raise ProtocolError(f"protocol {name!r}: a version expected after the @, as in @v1.0")
    return replace(made, name=f"{made.name}@{version}", version=version)


def _examples() -> list[str]:
    families = protocol_families()
    return [families[family].example for family in families]
