"""Split: labelled graphs, as what `load_dataset` gives them to a user."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from nape_bench.data.content import content_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import ArrayLike
    from torch_geometric.data import Data

    from nape_bench.data.rows import Rows
    from nape_bench.graph import GraphTable
    from nape_bench.graph.loader import PackedLoader


class Split:
    """Rows of one split (or of a part of it): graphs, ids, specifications and labels.

    `split[i]` is a torch_geometric `Data` with `op` int64 [nodes], `x` float32 [nodes, 13]
    (`graph.pyg.X_COLUMNS`), `edge_index` int64 [2, edges], `y` float32 [1] (the target label; NaN
    where it is missing) and `id`: a split is also what torch_geometric's `DataLoader` takes.

    Args:
        name: The split's name.
        target: The label that `y` is.
        rows: Its rows.
    """

    def __init__(self, name: str, target: str, rows: Rows) -> None:
        self.name = name
        self.target = target
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Data:
        """Return one architecture as a torch_geometric `Data`."""
        import torch

        index = int(index)
        data = self.graphs.to_pyg(index)
        data.y = torch.tensor([self.y[index]], dtype=torch.float32)
        data.id = self._rows.texts["id"][index % len(self)].as_py()
        return data

    def __iter__(self) -> Iterator[Data]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        labels = ", ".join(self.labels)
        return f"Split({self.name}: {len(self)} architectures, labels {labels})"

    @property
    def graphs(self) -> GraphTable:
        """The graphs, as one table [rows]."""
        return self._rows.graphs

    @property
    def labels(self) -> Mapping[str, np.ndarray]:
        """Label name -> float64 [rows], read-only; NaN where a label is missing."""
        return MappingProxyType(dict(self._rows.labels))

    @property
    def y(self) -> np.ndarray:
        """The target label, float64 [rows]."""
        return self._rows.labels[self.target]

    @cached_property
    def ids(self) -> list[str]:
        """The id of each row: `<family>:<specification>`."""
        return list(self._rows.texts["id"].to_pylist())

    @cached_property
    def families(self) -> list[str]:
        """The space that each row comes from."""
        return list(self._rows.texts["family"].to_pylist())

    @property
    def specs(self) -> Sequence[Any]:
        """The specification of each row, read from its JSON when it is asked for."""
        return _Specs(self._rows.texts["spec"])

    @cached_property
    def groups(self) -> np.ndarray:
        """The `group` key of each row, str [rows]."""
        return _strings(self._rows.texts["group"])

    @cached_property
    def hashes(self) -> np.ndarray:
        """The `hash` key of each row, str [rows]."""
        return _strings(self._rows.texts["hash"])

    def content_hash(self) -> str:
        """Return the content hash of the rows (`content`)."""
        return content_hash(self._rows)

    def select(self, chosen: ArrayLike) -> Split:
        """Return the rows of an index or bool array, in its order, as a split of its own."""
        return Split(self.name, self.target, self._rows.take(chosen))

    def loader(self, batch_size: int = 256, shuffle: bool = False, seed: int = 0) -> PackedLoader:
        """Return an iterable of torch_geometric `Batch`es (`graph.loader.PackedLoader`).

        Args:
            batch_size: Graphs in a batch.
            shuffle: Whether each epoch has an order of its own.
            seed: Seed of the orders.
        """
        from nape_bench.graph.loader import PackedLoader

        return PackedLoader(
            self.graphs, self.y, self.ids, batch_size=batch_size, shuffle=shuffle, seed=seed
        )


class _Specs(Sequence[Any]):
    """Specifications, each parsed when it is asked for."""

    def __init__(self, texts: Any) -> None:
        self._texts = texts

    def __len__(self) -> int:
        return len(self._texts)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [json.loads(text) for text in self._texts[index].to_pylist()]
        if not -len(self) <= index < len(self):
            raise IndexError(f"specification {index} of {len(self)}")
        return json.loads(self._texts[int(index) % len(self)].as_py())

    def __repr__(self) -> str:
        return f"<{len(self)} specifications>"


def _strings(texts: Any) -> np.ndarray:
    return np.array(texts.to_pylist(), dtype=np.str_)
