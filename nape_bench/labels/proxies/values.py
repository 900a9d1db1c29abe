"""What proxies give: a number for each, or the reason why a network has none."""

from __future__ import annotations

from dataclasses import dataclass, field

PROXIES = (
    "epe_nas", "fisher", "flops", "grad_norm", "grasp", "jacov", "l2_norm", "nwot", "params",
    "plain", "snip", "synflow", "zen",
)  # fmt: skip
"""The names of the proxies, those of NAS-Bench-Suite-Zero."""


class UndefinedError(Exception):
    """A proxy has no value for this network; the message is the reason."""


@dataclass(frozen=True)
class Scores:
    """The proxies of a network.

    Attributes:
        values: One finite number a proxy; None where there is none.
        undefined: The reason for each None.
    """

    values: dict[str, float | None] = field(default_factory=dict)
    undefined: dict[str, str] = field(default_factory=dict)
