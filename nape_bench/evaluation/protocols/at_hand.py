"""Which protocols can be run now: their datasets are at hand, and have rows for every part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.data.places import find_all
from nape_bench.evaluation.protocols.base import ALL

if TYPE_CHECKING:
    from nape_bench.data.manifest import ConfigInfo
    from nape_bench.evaluation.protocols.base import Protocol


class AtHand:
    """What is at hand, by manifests alone: in the local store, in the package, downloaded."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], dict[str, ConfigInfo]] = {}
        for (name, config, version), found in find_all().items():
            self._found.setdefault((name, config), {})[version] = found.info

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The (dataset, config) pairs, sorted."""
        return sorted(self._found)

    def has(self, protocol: Protocol) -> bool:
        """Return whether a protocol can be opened, as far as numbers of rows and labels tell.

        A config of detectors that are all in the test has nothing to be fitted to, and of 40 rows
        no 50 can be drawn. Rows without a label are seen when a protocol is opened.
        """
        own = self._versions(protocol.dataset, protocol.config, protocol.version)
        given = protocol.source
        source = (
            own if given is None else self._versions(given.dataset, given.config, given.version)
        )
        others = (self._versions(a.dataset, a.config, a.version) for a in protocol.auxiliary)
        if not all(others):
            return False
        columns = {*protocol.known, *([protocol.target] if protocol.target else [])}
        return any(
            _rows(info, protocol.test) > max(protocol.shots, protocol.pool)
            and columns <= info.labels.keys()
            for info in own
        ) and any(protocol.train is None or _rows(info, protocol.train) for info in source)

    def _versions(self, dataset: str, config: str, version: str | None) -> list[ConfigInfo]:
        versions = self._found.get((dataset, config), {})
        return [info for name, info in versions.items() if version in (None, name)]


def _rows(info: ConfigInfo, split: str) -> int:
    if split == ALL:
        return info.rows
    return info.splits[split].rows if split in info.splits else 0
