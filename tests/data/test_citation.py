"""BibTeX of datasets: every known one, and no fact that is not on record."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import nape_bench
from nape_bench.cli.main import main
from nape_bench.data import load_dataset, store
from nape_bench.data.citation import AUTHORS, FULL_AUTHORS, SOFTWARE, citation, paper_entry
from nape_bench.data.registry import dataset_specs
from nape_bench.data.splits import split_of
from nape_bench.errors import UnknownNameError
from tests.data import tables

ENTRY = re.compile(r"@(\w+)\{([A-Za-z0-9_.:-]+),\n((?:  \w+ = \{.*\},\n)+)\}")
FIELD = re.compile(r"  (\w+) = \{(.*)\},")


def entries(text: str) -> dict[str, dict[str, str]]:
    """Read BibTeX strictly: key -> fields."""
    found = [ENTRY.fullmatch(part) for part in text.split("\n\n")]
    read = {}
    for match in found:
        assert match is not None
        fields = FIELD.findall(match[3])
        for _, value in fields:
            assert value.count("{") == value.count("}")
        read[match[2]] = {"": match[1], **dict(fields)}
    assert len(read) == len(found)
    return read


def test_a_version() -> None:
    read = entries(citation("nape/hiaml", "v1.0"))
    assert list(read) == [
        "nape-hiaml-v1.0", "nape-split-1", "nape_bench", "mills2023gennape",
    ]  # fmt: skip
    ours = read["nape-hiaml-v1.0"]
    assert load_dataset("nape/hiaml", revision="v1.0").content_hash in ours["note"]
    assert ours["title"] == "{HiAML}, dataset nape/hiaml, version v1.0"
    assert not {"year", "url"} & set(ours), "the manifest does not tell when it was measured"
    paper = read["mills2023gennape"]
    assert (paper[""], paper["year"], paper["booktitle"]) == ("inproceedings", "2023", "AAAI")
    assert paper["author"].count(" and ") == 8


def test_the_newest_version() -> None:
    newest = citation("nape/hiaml")
    assert newest == citation("nape/hiaml", "v1.1")
    assert entries(newest)["nape-hiaml-v1.1"]["year"] == "2026"


@pytest.mark.parametrize("name", list(dataset_specs()))
def test_every_dataset_of_the_project(name: str) -> None:
    read = entries(citation(name))
    papers = [fields for fields in read.values() if fields[""] == "inproceedings"]
    assert papers
    spec = dataset_specs()[name]
    assert ("nape-split-1" in read) == spec.split_by_group
    assert len(read) == 1 + len(papers) + bool(spec.pins) + spec.split_by_group
    for paper in papers:
        assert 2015 < int(paper["year"]) < 2030
        assert " et al" not in paper["author"]


@pytest.mark.parametrize("name", [n for n in dataset_specs() if dataset_specs()[n].pins])
def test_those_are_said_to_be_split_by_the_rule_that_are(name: str) -> None:
    spec = dataset_specs()[name]
    for config in next(iter(spec.pins.values())):
        dataset = load_dataset(name, config)
        by_rule = {split_of(group) == split for split in dataset for group in dataset[split].groups}
        assert (by_rule == {True}) == spec.split_by_group


def test_facts_are_those_of_the_citation_file() -> None:
    told = yaml.safe_load((Path(__file__).parents[2] / "CITATION.cff").read_text())
    assert told["title"] == SOFTWARE
    assert told["authors"] == [{"name": AUTHORS}]
    assert str(told["version"]) == nape_bench.__version__
    on_record = {
        each["title"]: " and ".join(
            f"{author['family-names']}, {author['given-names']}" for author in each["authors"]
        )
        for each in told["references"]
    }
    assert on_record == FULL_AUTHORS
    cited = [dataset_specs()[name].info.citation for name in dataset_specs()]
    for title in on_record:
        assert any(title in each for each in cited)


def test_a_dataset_of_ones_own() -> None:
    store.put("jane/x_y", "v1.0", "only", tables.INFO, tables.config_data())
    read = entries(citation("jane/x_y"))
    assert read["jane-x_y-v1.0"]["author"] == "{jane}"
    assert r"x\_y" in read["jane-x_y-v1.0"]["title"]
    assert read["nobody"]["note"] == "nobody"


def test_papers() -> None:
    read = entries(paper_entry("Dong and Yang, A Title, with 50% & more, ICLR 2020"))
    assert read == {
        "dong2020a": {
            "": "inproceedings",
            "author": "Dong and Yang",
            "title": r"{A Title, with 50\% \& more}",
            "booktitle": "ICLR",
            "year": "2020",
        }
    }
    assert paper_entry("@misc{a,\n}") == "@misc{a,\n}"


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError, match="did you mean nape/hiaml"):
        citation("nape/hiamll")
    with pytest.raises(UnknownNameError, match=r"version of nape/hiaml 'v7\.7'"):
        citation("nape/hiaml", "v7.7")


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cite", "nape/hiaml", "--version", "v1.0"]) == 0
    assert capsys.readouterr().out == citation("nape/hiaml", "v1.0") + "\n"
