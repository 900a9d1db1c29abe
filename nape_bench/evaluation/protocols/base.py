"""Protocol: who may learn from which labels, and what is predicted; as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nape_bench.data.registry import comparable_split

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SEEDS = (0, 1, 2, 3, 4)
"""Five seeds, as in GENNAPE (section 5) and AIO-P."""

ALL = "all"
"""The test of a protocol whose test is every row of every split."""


def every_row(dataset: str) -> str:
    """Return the test of a protocol that ranks a whole dataset.

    Where labels of some splits came about in another way (pseudo-labels), it is the split of which
    they compare with each other.
    """
    return comparable_split(dataset) or ALL


@dataclass(frozen=True)
class Source:
    """Labels of another dataset than the test's, which a predictor is fitted to first.

    Attributes:
        dataset: The dataset, "<owner>/<name>".
        config: The set of labels.
        version: As `Protocol.version`.
    """

    dataset: str
    config: str
    version: str | None = None


@dataclass(frozen=True)
class Auxiliary:
    """Labels of another task, which a predictor may learn from before it is fitted.

    Attributes:
        dataset: The dataset, "<owner>/<name>".
        config: The set of labels.
        split: The split whose labels it may see, or `ALL`.
        version: As `Protocol.version`.
    """

    dataset: str
    config: str
    split: str = ALL
    version: str | None = None


@dataclass(frozen=True)
class Protocol:
    """What a comparison holds fixed. Nothing is loaded to make one.

    What only the data can tell (which rows have a label, their unit and direction, and so the
    label budget) is told by `Evaluator`, which opens the protocol's dataset.

    Attributes:
        name: The name by which `protocol` knows it, as in "in-family/hiaml".
        title: What a reader calls it.
        dataset: The dataset, "<owner>/<name>".
        config: The set of labels.
        train: The split whose labels a predictor is fitted to; None gives no labels at all.
        validation: A split whose labels a predictor may use to stop or to choose, or None. They
            count in the label budget as those of `train` do.
        test: The split that is predicted, or `ALL` for every row of every split.
        seeds: One run a seed.
        version: The dataset version: the newest published one that the package knows, and None,
            the newest at hand, for what is not published (labels that somebody imported).
        target: The label column, or None for the dataset's main one.
        shots: Labels of the test that each seed may see, of rows drawn for it (`few_labels.draw`);
            neither these nor their isomorphs are scored for that seed. Where there is `train` too,
            a predictor is fitted to that and then fine-tuned on these.
        pool: Rows of which a predictor may choose those `shots`, more than they are; drawn as they
            are otherwise, and none of them, nor of their isomorphs, is scored. 0 where it has no
            choice.
        source: Where `train` and `validation` are from, if not from the test's dataset.
        known: Other label columns of the same config, which a predictor may see of every row, the
            test's too: latencies on other devices.
        known_rows: Of how many rows it may see them, where it is not every row; they are drawn as
            `shots` are, the same for all seeds, and neither they nor their isomorphs are tested.
        auxiliary: Labels of other tasks, which a predictor may learn from before it is fitted.
    """

    name: str
    title: str
    dataset: str
    config: str
    train: str | None
    validation: str | None
    test: str
    seeds: tuple[int, ...] = SEEDS
    version: str | None = None
    target: str | None = None
    shots: int = 0
    pool: int = 0
    source: Source | None = None
    known: tuple[str, ...] = ()
    known_rows: int = 0
    auxiliary: tuple[Auxiliary, ...] = ()

    @property
    def labels_needed(self) -> set[tuple[str, str]]:
        """The (dataset, config) pairs that must be at hand to open it."""
        needed = {(self.dataset, self.config)}
        needed |= {(each.dataset, each.config) for each in self.auxiliary}
        return needed | ({(self.source.dataset, self.source.config)} if self.source else set())


@dataclass(frozen=True)
class ProtocolFamily:
    """Protocols of one kind, one for each dataset and config.

    Attributes:
        name: The first part of their names.
        title: What they are for, in one line.
        pattern: How their names are written.
        example: One of the names.
        make: Makes the protocol from the parts of a name after the first; it raises
            `ProtocolError` where they do not fit the pattern.
        names: Lists the names for the (dataset, config) pairs that are known.
    """

    name: str
    title: str
    pattern: str
    example: str
    make: Callable[[Sequence[str]], Protocol]
    names: Callable[[Sequence[tuple[str, str]]], list[str]]
