"""Space: where architectures of one family come from."""

from __future__ import annotations

import json
import math
import operator
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from nape_bench.errors import GraphError, SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy as np

    from nape_bench.graph import ArchGraph

Spec = Any
"""An architecture of a space, as plain JSON: what `build` takes and datasets store."""

ENUMERABLE = 1_000_000
"""Up to this many architectures a space can be gone through by `enumerate`."""


class Space(ABC):
    """One family of architectures.

    Attributes:
        name: What `nape_bench.space` calls it.
        title: What a reader calls it.
        source: The paper that defines it.
        size: Number of specifications.
        example: A specification, for help texts and tests.
        resolution: Input height and width in pixels where `build` and the spec name none.
        num_classes: Classes where `build` names none.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    source: ClassVar[str]
    size: ClassVar[int]
    example: ClassVar[Spec]
    resolution: ClassVar[int] = 32
    num_classes: ClassVar[int] = 10

    @abstractmethod
    def sample(self, rng: np.random.Generator) -> Spec:
        """Draw a specification, in normal form (`normalise`)."""

    @abstractmethod
    def normalise(self, value: Any) -> Spec:
        """Return the one way in which this space writes an architecture.

        Args:
            value: A specification, or any form of it that publications use: text, or lists and
                dictionaries of plain values.

        Raises:
            SpecError: It is none of these; the message says what was expected.
        """

    @abstractmethod
    def format(self, spec: Spec) -> str:
        """Return a specification as one short line, which `parse` reads back."""

    @abstractmethod
    def mutate(self, spec: Spec, rng: np.random.Generator) -> Spec:
        """Return a specification that differs from `spec` by one random change."""

    @abstractmethod
    def _build(
        self, spec: Spec, *, width: float, depth: int | None, resolution: int, num_classes: int
    ) -> ArchGraph:
        """Build the graph of a specification in normal form."""

    def parse(self, text: str) -> Spec:
        """Read a specification from text: `format`'s, JSON, or a form that publications use.

        Raises:
            SpecError: The text is none of these; the message says what was expected.
        """
        return self.normalise(read_literal(text))

    def build(
        self,
        spec: Spec,
        *,
        width: float = 1.0,
        depth: int | None = None,
        resolution: int | None = None,
        num_classes: int | None = None,
    ) -> ArchGraph:
        """Build the computation graph of an architecture.

        Args:
            spec: A specification, or any form of it that `normalise` takes.
            width: Factor on all channel counts.
            depth: Repeats in a stage or stack in place of the family's own.
            resolution: Input height and width in pixels in place of the spec's or the family's.
            num_classes: Number of classes in place of the family's.

        Returns:
            The graph; width, depth, resolution and classes left alone, it is the reference graph
            of the papers, whose hash names the architecture.

        Raises:
            SpecError: The specification is malformed, or an argument out of range.
        """
        spec = self.normalise(spec)
        try:
            possible = math.isfinite(width) and width > 0
        except TypeError:
            possible = False
        if not possible:
            raise SpecError(f"width is a positive factor on channels, not {width!r}")
        depth = _positive("depth", depth)
        resolution = _positive("resolution", resolution)
        num_classes = _positive("num_classes", num_classes)
        return self._scaled(spec, width, depth, resolution, num_classes)

    def build_normal(self, spec: Spec) -> ArchGraph:
        """Build the default graph of a specification that is in normal form: `build`, faster.

        Args:
            spec: What `normalise` gave; it is not checked again.

        Raises:
            SpecError: As for `build`.
        """
        return self._scaled(spec, 1.0, None, None, None)

    def _scaled(
        self,
        spec: Spec,
        width: float,
        depth: int | None,
        resolution: int | None,
        num_classes: int | None,
    ) -> ArchGraph:
        try:
            return self._build(
                spec,
                width=width,
                depth=depth,
                resolution=resolution or self._resolution_of(spec),
                num_classes=num_classes or self.num_classes,
            )
        except GraphError as error:
            raise SpecError(f"{self.name} cannot be built at this scale: {error}") from error

    def format_normal(self, spec: Spec) -> str:
        """Return `format` of a specification that is in normal form: the same, faster.

        Args:
            spec: What `normalise` gave; it is not checked again.
        """
        return self.format(spec)

    def enumerate(self) -> Iterator[Spec]:
        """Go through all specifications, in a fixed order.

        Raises:
            SpecError: There are more than a million.
        """
        raise SpecError(f"{self.name} has {self.size:.3g} architectures: sample it instead")

    def subsets(self) -> Mapping[str, Callable[[Spec], bool]]:
        """Return parts of the space that papers report on: name -> whether a spec is in it."""
        return {}

    def _resolution_of(self, spec: Spec) -> int:  # noqa: ARG002 (spaces whose specs have one)
        return self.resolution


def _positive(name: str, value: int | None) -> int | None:
    if value is None:
        return None
    try:
        number = 0 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = 0
    if number < 1:
        raise SpecError(f"{name} is a positive integer, not {value!r}")
    return number


def read_literal(text: str) -> Any:
    """Read JSON or a Python literal; text that is neither is returned as it is, stripped."""
    import ast

    text = text.strip()
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return text
