"""The folders of a board: where sheets, submissions, stored results and accepted questions lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nape_bench.errors import DataError
from nape_bench.leaderboard.checking.finding import RefusedError
from nape_bench.leaderboard.checking.metadata import METADATA_FILE
from nape_bench.leaderboard.checking.strict_yaml import read_yaml

if TYPE_CHECKING:
    from pathlib import Path

ACCEPTED_FILE = "accepted.yaml"


@dataclass(frozen=True)
class Folders:
    """Where things lie.

    Attributes:
        root: The folder `leaderboard` of a clone.
        submissions: Folders of submissions: those of others, and recorded baselines.
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

        Raises:
            DataError: Two have one name.
        """
        found: dict[str, Path] = {}
        for parent in self.submissions:
            for file in sorted(parent.glob(f"*/{METADATA_FILE}")):
                folder = file.parent
                if folder.name in found:
                    raise DataError(f"{folder} and {found[folder.name]} have one name")
                found[folder.name] = folder
        return dict(sorted(found.items()))

    def accepted(self) -> dict[str, dict[str, str]]:
        """Return what maintainers have accepted: submission -> code of a question -> why.

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
            isinstance(each, dict) and all(isinstance(why, str) and why for why in each.values())
            for each in told.values()
        )
        if not plain:
            raise DataError(f"{file}: submission: {{code: why}} expected")
        return dict(told)
