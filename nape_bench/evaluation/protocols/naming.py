"""How protocol names name a dataset: "hiaml", "nb201/cifar10", "jane/mine/accuracy"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nape_bench.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

OWNER = "nape"
"""The owner of the datasets that are named without one."""

DEFAULT_CONFIG = "micro"
"""The config where a name gives none."""

PATTERN = "<dataset>[/<config>] or <owner>/<dataset>/<config>"


def read_dataset(family: str, parts: Sequence[str]) -> tuple[str, str]:
    """Read a dataset and its config from the parts of a name after the family's.

    Args:
        family: The first part of the name, for messages.
        parts: One to three parts.

    Returns:
        The dataset ("<owner>/<name>") and the config.

    Raises:
        ProtocolError: There are none, more than three, or empty ones.
    """
    if not 1 <= len(parts) <= 3 or not all(parts):
        name = "/".join([family, *parts])
        raise ProtocolError(
            f"protocol {name!r}: {family}/{PATTERN} expected, as in {family}/hiaml (the "
            f"{DEFAULT_CONFIG} labels of {OWNER}/hiaml) or {family}/nb201/cifar10"
        )
    if len(parts) == 3:
        return f"{parts[0]}/{parts[1]}", parts[2]
    return f"{OWNER}/{parts[0]}", parts[1] if len(parts) == 2 else DEFAULT_CONFIG


def read_with_ending(
    family: str, parts: Sequence[str], ending: str, told: str, example: str
) -> tuple[str, str, str]:
    """Read a dataset, its config and what comes after the last dash of a name.

    Args:
        family: The first part of the name.
        parts: Its other parts.
        ending: Regular expression of what comes after the dash.
        told: How that is written, for messages, as in "-<labels>".
        example: A name of the family, for messages.

    Returns:
        The dataset ("<owner>/<name>"), the config, and the ending.

    Raises:
        ProtocolError: The name does not end so, or as for `read_dataset`.
    """
    match = re.fullmatch(f"(.+)-({ending})", parts[-1]) if parts else None
    if match is None:
        name = "/".join([family, *parts])
        raise ProtocolError(
            f"protocol {name!r}: {family}/{PATTERN}, then {told} expected, as in {example}"
        )
    return *read_dataset(family, [*parts[:-1], match[1]]), match[2]


def read_pair_and_kind(
    family: str, parts: Sequence[str], between: str, kinds: Iterable[str], told: tuple[str, str]
) -> tuple[str, str, str]:
    """Read two words and one of a few kinds from "<one><between><other>-<kind>".

    Args:
        family: The first part of the name.
        parts: Its other parts.
        between: What stands between the words; the first does not have it.
        kinds: The kinds that there are.
        told: The pattern of whole names and an example, for messages.

    Returns:
        Both words and the kind.

    Raises:
        ProtocolError: The name does not fit.
    """
    text = "/".join(parts)
    kind = next((kind for kind in kinds if text.endswith(f"-{kind}")), None)
    one, found, other = text.removesuffix(f"-{kind}").partition(between)
    if kind is None or not found:
        raise ProtocolError(f"protocol {f'{family}/{text}'!r}: {told[0]} expected, as in {told[1]}")
    return one, other, kind


def short_name(dataset: str, config: str) -> str:
    """Write a dataset and its config the short way that `read_dataset` reads back."""
    owner, _, name = dataset.partition("/")
    if owner != OWNER:
        return f"{owner}/{name}/{config}"
    return name if config == DEFAULT_CONFIG else f"{name}/{config}"
