"""What a value of a traced network is, where it is no view of a node."""

from __future__ import annotations

from typing import NamedTuple

from nape_bench.graph.torch_import.views import View


class Weight(NamedTuple):
    """Something that does not depend on the image.

    Attributes:
        shape: Its sizes.
        learned: Whether it is a parameter, or follows from one.
        number: Its value, where it is one number that is known.
    """

    shape: tuple[int, ...]
    learned: bool = False
    number: float | None = None


class Scores(NamedTuple):
    """Products of queries and keys, inside an attention.

    Attributes:
        q: The queries; their last axis is that of a head's channels.
        k: The keys, likewise.
        soft: Whether a softmax has been taken.
    """

    q: View
    k: View
    soft: bool = False


class Relative(NamedTuple):
    """Queries times learned positions, which are added to scores.

    Attributes:
        q: The queries.
    """

    q: View


class Norm(NamedTuple):
    """The lengths of vectors, by which they are divided.

    Attributes:
        of: The vectors.
        dim: The axis along which they lie.
    """

    of: View
    dim: int


class Turning(NamedTuple):
    """A part of what turns queries or keys by a rotary position (`rotary`).

    Attributes:
        of: What is turned.
        part: "cosines", which it was multiplied by; "pairs", of exchanged channels; or "sines",
            which these were multiplied by.
    """

    of: View
    part: str


Value = View | Weight | Scores | Relative | Norm | Turning
