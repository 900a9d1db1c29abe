"""The folders of a board: where sheets, submissions, stored results and accepted questions lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nape_bench.errors import DataError
from nape_bench.leaderboard.checking.finding import RefusedError
from nape_bench.leaderboard.checking.metadata import METADATA_FILE
from nape_bench.leaderboard.checking.strict_yaml import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACCEPTED_FILE = "accepted.yaml"
FINGERPRINT = "predictions"


@dataclass(frozen=True)
class Folders:
    """Where things lie.

    Attributes:
        root: The folder `leaderboard` of a clone.
        submissions: Folders of submissions: that of everybody's, then those of recorded baselines.
    """

    root: Path
    submissions: tuple[Path, ...]

    @classmethod
    def of(cls, root: Path, *more: Path) -> Folders:
        """Return the folders of a board, with further folders of submissions.

        Raises:
            DataError: `root` holds no sheets.
        """
        if not (root / "protocols").is_dir():
            raise DataError(
                f"{root}: no folder of a board, which has protocols/ in it; give that of a clone "
                "of the repository"
            )
        return cls(root, (root / "submissions", *more))

    @property
    def sheets(self) -> Path:
        """The folder of sheets."""
        return self.root / "protocols"

    @property
    def results(self) -> Path:
        """The folder of stored results."""
        return self.root / "results"

    def listed(self) -> dict[str, Path]:
        """Return all submissions' folders by name, sorted.

        Where two have one name, recorded baselines come first: `taken` returns the other.
        """
        found: dict[str, Path] = {}
        for folder in self._all():
            found.setdefault(folder.name, folder)
        return dict(sorted(found.items()))

    def taken(self) -> list[Path]:
        """Return the folders whose name a recorded baseline has."""
        return [folder for folder in self._all() if self.is_taken(folder)]

    def is_taken(self, folder: Path) -> bool:
        """Return whether a folder, wherever it lies, has the name of another's baseline."""
        baselines = (parent / folder.name for parent in self.submissions[1:])
        return any(
            (each / METADATA_FILE).is_file() and each.absolute() != folder.absolute()
            for each in baselines
        )

    def _all(self) -> Iterator[Path]:
        for parent in reversed(self.submissions):
            for file in sorted(parent.glob(f"*/{METADATA_FILE}")):
                yield file.parent

    def accepted(self) -> dict[str, dict[str, str]]:
        """Return what maintainers have accepted: submission -> code of a question -> why.

        Under `predictions` stands the fingerprint (`Report.fingerprint`) that it is true of.

        Raises:
            DataError: The file is malformed.
        """
        file = self.root / ACCEPTED_FILE
        if not file.is_file():
            return {}
        try:
            told = read_yaml(file.read_text(encoding="utf-8"), str(file)) or {}
        except RefusedError as refused:
            raise DataError(str(refused)) from None
        plain = isinstance(told, dict) and all(
            isinstance(each, dict)
            and FINGERPRINT in each
            and all(isinstance(why, str) and why for why in each.values())
            for each in told.values()
        )
        if not plain:
            raise DataError(
                f"{file}: submission: {{{FINGERPRINT}: fingerprint, code: why}} expected, all text"
            )
        return dict(told)
