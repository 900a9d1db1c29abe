"""What an import did."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nape_bench.data.importers.repeats import Repeats
    from nape_bench.data.rows import Chunked

FILE_NAME = "import_report.json"


@dataclass(frozen=True)
class SkippedRow:
    """A row that was left out: where it stands ("line 7") and why."""

    where: str
    reason: str


@dataclass
class ImportReport:
    """What an import read, kept and left out.

    Attributes:
        read: Rows of the file.
        kept: Architectures in the dataset.
        skipped: Rows left out because they could not be read.
        repeated_same: Rows that repeated an architecture with the same labels.
        repeated_differing: Rows that repeated one with other labels.
        missing: Label -> architectures without a value.
        splits: Split -> architectures.
    """

    read: int = 0
    kept: int = 0
    skipped: list[SkippedRow] = field(default_factory=list)
    repeated_same: int = 0
    repeated_differing: int = 0
    missing: dict[str, int] = field(default_factory=dict)
    splits: dict[str, int] = field(default_factory=dict)

    def finish(self, repeats: Repeats, splits: Mapping[str, Chunked]) -> None:
        """Fill in what is known once all rows were read."""
        self.kept = sum(len(rows) for rows in splits.values())
        self.repeated_same, self.repeated_differing = repeats.same, repeats.differing
        self.splits = {split: len(rows) for split, rows in splits.items()}
        for rows in splits.values():
            for name, values in rows.labels.items():
                self.missing[name] = self.missing.get(name, 0) + int(np.isnan(values).sum())

    def to_json(self) -> str:
        """Return the report as JSON text."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    def summary(self) -> str:
        """Return the report in a few lines, for people."""
        splits = ", ".join(f"{name} {rows}" for name, rows in self.splits.items())
        lines = [f"{self.read} rows read, {self.kept} architectures kept ({splits})"]
        if self.repeated_same or self.repeated_differing:
            lines.append(
                f"{self.repeated_same + self.repeated_differing} rows repeated an architecture, "
                f"{self.repeated_differing} of them with other labels"
            )
        lines += [
            f"{rows} architectures have no {name}" for name, rows in self.missing.items() if rows
        ]
        if self.skipped:
            lines.append(
                f"{len(self.skipped)} rows skipped, the first: {self.skipped[0].where}: "
                f"{self.skipped[0].reason}"
            )
        return "\n".join(lines)
