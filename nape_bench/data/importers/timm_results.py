"""timm's tables of results: accuracies of its weights, and what its networks cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nape_bench.data.importers.computation_graphs import short
from nape_bench.data.importers.records import read_records
from nape_bench.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from nape_bench.data.importers.sources import Source

MODEL, SIZE = "model", "img_size"
_COST = "infer_gmacs"


class Key(NamedTuple):
    """Weights of a network at one image size.

    Attributes:
        model: "resnet50.a1_in1k": the architecture, and the weights after the point.
        size: Height and width of images, pixels.
    """

    model: str
    size: int

    @property
    def architecture(self) -> str:
        """What the weights are of."""
        return self.model.partition(".")[0]


def read_results(
    source: Source, columns: Sequence[str], skip: Callable[[str, str], None]
) -> dict[Key, list[float]]:
    """Read a table of results.

    Args:
        source: The file.
        columns: Its columns of numbers: percentages, and `param_count` in millions.
        skip: Is told where a row stands that cannot be read, and why; it may raise.

    Returns:
        Weights and image size -> the numbers.

    Raises:
        DataError: The file is no such table.
    """
    found: dict[Key, list[float]] = {}
    for number, cells, error in read_records(source, [MODEL, SIZE, *columns]).records:
        where = f"{source.name}, line {number}"
        try:
            if error:
                raise DataError(error)
            key = _key(cells[MODEL], cells[SIZE])
            values = [_number(cells[name], name) for name in columns]
            if key in found:
                raise DataError(f"{key.model} at {key.size} pixels stands there twice")
            found[key] = values
        except DataError as wrong:
            skip(where, str(wrong))
    return found


def read_costs(sources: Iterable[Source]) -> dict[tuple[str, int], float]:
    """Return (architecture, image size) -> 10^9 multiply-adds, of tables of speed.

    Tables differ where attention is one operation, which some do not count: the largest figure is
    taken. Tables and rows without one are passed over.

    Raises:
        DataError: A file is no such table, or a row of it cannot be read.
    """
    found: dict[tuple[str, int], float] = {}
    for source in sources:
        table = read_records(source, ["*"])
        if _COST not in table.columns["*"]:
            continue
        for number, cells, error in table.records:
            try:
                if error:
                    raise DataError(error)
                if cells[_COST] == "":
                    continue
                key = _key(cells[MODEL], cells["infer_img_size"])
                cost = _number(cells[_COST], _COST)
            except DataError as wrong:
                raise DataError(f"{source.where}, line {number}: {wrong}") from None
            place = (key.architecture, key.size)
            found[place] = max(cost, found.get(place, cost))
    return found


def _key(model: str, size: str) -> Key:
    if not model or not size.isascii() or not size.isdigit() or not 0 < int(size) < 10_000:
        raise DataError(f"a model and its image size expected, not {short((model, size))}")
    return Key(model, int(size))


def _number(text: str, name: str) -> float:
    """Read a number, which may have commas between thousands.

    Raises:
        DataError: It is none, or not what the column can hold.
    """
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        value = -1
    most = 100 if name.startswith("top") else 1e6
    if not 0 <= value <= most:
        raise DataError(f"{name} is {short(text)}, where a number of 0 to {most:g} expected")
    return value
