"""Cards: every dataset's has every part that a reader needs, with figures that are measured."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nape_bench.cli.main import main
from nape_bench.data.hub.release import card
from nape_bench.data.importers import import_transnas
from nape_bench.data.importers.transnas import TASKS
from nape_bench.data.info import version_key
from nape_bench.data.load import load_dataset
from nape_bench.data.readme import PARTS, plain_card, written_part
from nape_bench.data.registry import dataset_specs
from nape_bench.data.write import describe
from nape_bench.spaces import space
from tests.data import tables

if TYPE_CHECKING:
    from nape_bench.data.dataset import Dataset

SPECS = dataset_specs()
IMPORTED = sorted(name for name in SPECS if SPECS[name].how)
"""Datasets with labels that a user imports."""
OURS = sorted(name for name in SPECS if SPECS[name].pins)
"""Datasets that the project publishes."""
FEW = 8
"""Configs of which a card shows all distributions."""
SECTIONS = ("What it is", "Where labels come from", "Splits and protocols", "Noise",
            "Known differences to the paper")  # fmt: skip
_CONFIG = re.compile(r"^#{2,3} Config `(.+)`$", re.MULTILINE)
_HEADING = re.compile(r"^#{2,3} (.+)$", re.MULTILINE)


@cache
def made(name: str) -> dict[str, bytes]:
    """Return the card of the newest version with its pictures, as it is published."""
    return card(name)


def body_of(name: str) -> str:
    return made(name)["README.md"].decode().split("---\n", 2)[2]


def sections(text: str) -> dict[str, str]:
    """Return heading -> what stands below it; "" is what comes before the first."""
    parts = _HEADING.split(text)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def of_config(text: str, config: str) -> str:
    """Return what a card says from the heading of a config to that of the next one."""
    parts = _CONFIG.split(text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[config]


def newest(name: str) -> str:
    return max(SPECS[name].pins, key=version_key)


def datasets_of(name: str) -> list[Dataset]:
    version = newest(name)
    return [load_dataset(name, config, revision=version) for config in SPECS[name].pins[version]]


def test_there_is_no_dataset_without_a_card() -> None:
    assert {*OURS, *IMPORTED} == set(SPECS)


@pytest.mark.parametrize("name", OURS)
def test_a_card_says_what_the_dataset_is_and_how_it_came_about(name: str) -> None:
    text = body_of(name)
    told = sections(text)
    assert f"`{name}` {newest(name)}" in told[""]
    what = told.get("The family", told[""])
    assert len(what.split()) > 50
    made_by = {"nape/zoo": "python benchmarks/build_zoo.py", "nape/multitask": "make multitask"}
    command = f"nape-bench build {name.partition('/')[2]} --store cards/labels"
    assert made_by.get(name, command) in text
    by_group = "split follows from its `group` key" in text
    assert by_group == SPECS[name].split_by_group
    for column in ("`id`", "`spec`", "`hash`", "`group`", "`node_op`", "`edge_source`"):
        assert column in told["Columns"]


@pytest.mark.parametrize("name", OURS)
def test_a_card_tells_of_every_label_and_split(name: str) -> None:
    text = body_of(name)
    for dataset in datasets_of(name):
        section = of_config(text, dataset.config)
        for label, said in dataset.labels_info.items():
            row = next(line for line in section.splitlines() if line.startswith(f"| `{label}`"))
            row = row.replace("\\|", "|")
            assert said.meaning in row
            assert f"| {said.unit} |" in row
            assert said.source in row
            if said.noise_ceiling is not None:
                assert f"| {said.noise_ceiling:.3f} |" in row
        for split, content_hash in dataset.split_hashes.items():
            assert f"| {split} | {len(dataset[split])} | `{content_hash}` |" in section


@pytest.mark.parametrize("name", OURS)
def test_a_card_says_how_noisy_labels_are(name: str) -> None:
    text = body_of(name)
    seeds = [d.labels_info[d.target].noise_ceiling is not None for d in datasets_of(name)]
    if any(seeds):
        assert sections(text)["How good the labels are"].count("|") > 20
        assert "between seeds" in text
    else:
        assert "no noise ceiling can be told" in text


@pytest.mark.parametrize("name", OURS)
def test_a_card_tells_of_differences_licence_and_citation(name: str) -> None:
    text = body_of(name)
    told = sections(text)
    assert told["What differs from the papers"].strip().startswith("- ")
    info = SPECS[name].shipped_info
    assert told["Licence"].strip().lower().startswith(info.licence)
    assert f"license: {info.licence}\n" in made(name)["README.md"].decode()
    assert info.citation in told["Citation"]
    assert "$" not in text


@pytest.mark.parametrize("name", OURS)
def test_a_card_shows_distributions_and_a_graph(name: str) -> None:
    files = made(name)
    shown = sections(body_of(name))["Pictures"]
    configs = [dataset.config for dataset in datasets_of(name)]
    for config in configs if len(configs) <= FEW else configs[:1]:
        assert f"](images/{config}.svg)" in shown
    assert "](images/graph.svg)" in shown
    # multitask's card has a picture of scenes besides, which the package ships.
    for path in re.findall(r"\]\(((?!https?:)[^)]+)\)", body_of(name)):
        assert path in files, f"{path} is shown and not there"


@pytest.mark.parametrize("name", IMPORTED)
def test_every_written_part_is_there(name: str) -> None:
    part = written_part(name)
    assert part is not None
    headings = re.findall(r"^## (.+)$", part, re.MULTILINE)
    for section in SECTIONS:
        assert any(heading.startswith(section) for heading in headings), section
    short = name.partition("/")[2]
    assert f"in-family/{short}/" in part
    assert f"zero-shot/{short}/" in part
    assert "unit" in part.lower()


@pytest.mark.parametrize("name", IMPORTED)
def test_a_written_part_names_every_config_that_can_be_imported(name: str) -> None:
    part = written_part(name) or ""
    tokens = re.findall(r"`([^`]+)`", part)
    if name == "nape/transnas_macro":  # its card leads to this one
        tokens += re.findall(r"`([^`]+)`", written_part("nape/transnas_micro") or "")
    patterns = [re.sub(r"<\w+>", r"\\w+", token) for token in tokens if re.match(r"[\w<]", token)]
    known = [re.compile(p) for p in patterns if re.fullmatch(r"[\w\\+]+", p)]
    for config in SPECS[name].how:
        assert any(pattern.fullmatch(config) for pattern in known), config


@pytest.mark.parametrize("name", IMPORTED)
def test_a_card_of_imported_labels_has_every_part(name: str) -> None:
    data = tables.config_data()
    text = plain_card(describe(name, "v1.0", SPECS[name].info, {"some": data}))
    assert (written_part(name) or "") in text
    assert text.count("# Config `some`") == 1
    for label, said in data.labels.items():
        assert re.search(rf"\| `{label}`.* \| {said.unit} \|", text)
    assert "| split | rows | content hash |" in text
    assert "## Columns\n" in text
    assert f"## Licence\n\n{SPECS[name].info.licence}" in text
    assert f"## Citation\n\n{SPECS[name].info.citation}" in text


def test_parts_are_of_datasets_that_there_are() -> None:
    assert {f"nape/{path.stem}" for path in PARTS.glob("*.md")} <= set(SPECS)
    assert written_part("jane/transnas_micro") is None
    assert written_part("nape/nothing") is None


def test_card_of_imported_labels_with_pictures(tmp_path: Path) -> None:
    table = tables.write(
        tmp_path / "transnas101_micro.csv",
        [
            {"arch_str": cell, **{f"{task}_val": -0.001 * place for task in TASKS}}
            for place, cell in enumerate(list(space("transnas_micro").enumerate())[-30:])
        ],
    )
    import_transnas(table, progress=False)
    files = card("nape/transnas_micro")
    text = files["README.md"].decode()
    assert text.index("## Pictures") < text.index("## What it is") < text.index("## Config")
    for task in TASKS:
        assert f"](images/{task}.svg)" in text
        assert f"## Config `{task}`" in text
    assert "| `jigsaw` (target) | top-1 accuracy of the jigsaw task, validation data" in text


@pytest.mark.shared
def test_figures_of_transnas_are_those_of_the_table(
    shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shared / "labels" / "transnas101_naslib"
    if not folder.is_dir():
        pytest.skip(f"no published table in {folder}")
    import_transnas(folder, progress=False)
    dataset = load_dataset("nape/transnas_micro", "class_scene")
    text = (Path(dataset.path) / "README.md").read_text(encoding="utf-8")
    assert "## Traps" in text.split("## Config")[0]
    assert main(["correlations", "nape/transnas_micro", "--markdown"]) == 0
    printed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert len(printed) == 2 + 7 + 2 + 7
    for line in printed:
        assert line in text
    rows = [dataset[split] for split in dataset]
    assert [f"{len(split):,}" for split in rows] == ["2,183", "434", "1,479"]
    assert len({key for split in rows for key in split.hashes}) == 1664
    assert len({key for split in rows for key in split.groups}) == 1376
    for figure in ("2,183 train, 434 validation, 1,479 test", "1,664 different graphs",
                   "1,376 different functions"):  # fmt: skip
        assert figure in text
    assert sum(int((abs(split.y - 7.4841) < 1e-4).sum()) for split in rows) == 169
