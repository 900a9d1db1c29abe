"""Hand-written parts of cards: in the package, whole, their figures those that are measured."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nape_bench.cli.main import main
from nape_bench.data.importers import import_transnas
from nape_bench.data.load import load_dataset
from nape_bench.data.readme import PARTS, written_part
from nape_bench.data.registry import dataset_specs

IMPORTED = ("fbnet", "transnas_macro", "transnas_micro")
"""Datasets of which the project has no labels of its own."""
SECTIONS = ("What it is", "Where labels come from", "Splits and protocols", "Noise",
            "Known differences to the paper")  # fmt: skip


@pytest.mark.parametrize("name", IMPORTED)
def test_every_part_is_there(name: str) -> None:
    part = written_part(f"nape/{name}")
    assert part is not None
    headings = re.findall(r"^## (.+)$", part, re.MULTILINE)
    for section in SECTIONS:
        assert any(heading.startswith(section) for heading in headings), section
    assert f"in-family/{name}/" in part
    assert f"zero-shot/{name}/" in part
    assert "traps" in part.lower()
    assert "unit" in part.lower()


def test_parts_are_of_datasets_that_there_are() -> None:
    assert {f"nape/{path.stem}" for path in PARTS.glob("*.md")} <= set(dataset_specs())
    assert written_part("jane/transnas_micro") is None
    assert written_part("nape/nothing") is None


@pytest.mark.shared
def test_figures_of_transnas_are_those_of_the_table(
    shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shared / "labels" / "transnas101_naslib"
    if not folder.is_dir():
        pytest.skip(f"no published table in {folder}")
    import_transnas(folder, progress=False)
    dataset = load_dataset("nape/transnas_micro", "class_scene")
    card = (Path(dataset.path) / "README.md").read_text(encoding="utf-8")
    assert "## Traps" in card.split("## Config")[0]
    assert main(["correlations", "nape/transnas_micro", "--markdown"]) == 0
    printed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert len(printed) == 2 + 7 + 2 + 7
    for line in printed:
        assert line in card
    rows = [dataset[split] for split in dataset]
    assert [f"{len(split):,}" for split in rows] == ["2,183", "434", "1,479"]
    assert len({key for split in rows for key in split.hashes}) == 1664
    assert len({key for split in rows for key in split.groups}) == 1376
    for figure in ("2,183 train, 434 validation, 1,479 test", "1,664 different graphs",
                   "1,376 different functions"):  # fmt: skip
        assert figure in card
    assert sum(int((abs(split.y - 7.4841) < 1e-4).sum()) for split in rows) == 169
