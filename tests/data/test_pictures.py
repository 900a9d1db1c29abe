"""Pictures of cards: which there are, where they stand, and that equal data gives equal ones."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from nape_bench.cli.main import main
from nape_bench.data.hub.release import card
from nape_bench.data.pictures import with_section

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("nape/hiaml", "nape/zoo")


@pytest.mark.parametrize("name", NAMES)
def test_a_card_shows_every_config_and_a_graph(name: str) -> None:
    files = card(name)
    text = files["README.md"].decode()
    shown = set(re.findall(r"!\[[^]]*\]\(([^)]+\.svg)\)", text))
    assert shown == {path for path in files if path.endswith(".svg")}
    assert "images/graph.svg" in shown
    assert len(shown) > 2
    for path in shown:
        assert ET.fromstring(files[path]).tag == "{http://www.w3.org/2000/svg}svg"
    body = text.split("\n---\n", 1)[1]
    assert re.findall(r"^## .*", body, re.MULTILINE)[0] == "## Pictures"


def test_equal_data_gives_equal_pictures() -> None:
    assert card("nape/hiaml") == card("nape/hiaml")


def test_a_section_goes_before_the_first_or_at_the_end() -> None:
    front = "---\nlicense: mit\n---\n"
    assert with_section(f"{front}# T\n\nText\n\n## A\n", "## P") == (
        f"{front}# T\n\nText\n\n## P\n\n## A\n"
    )
    assert with_section("# T\n", "## P") == "# T\n\n## P\n"


def test_the_command_writes_what_would_be_published(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["card", "nape/hiaml", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "hiaml" / "README.md")
    for path, content in card("nape/hiaml").items():
        assert (tmp_path / "hiaml" / path).read_bytes() == content
    assert main(["card"]) == 2
    assert "--all" in capsys.readouterr().err
    assert main(["card", "nape/fbnet"]) == 2
    told = capsys.readouterr().err
    assert "nape/fbnet is not at hand" in told
    assert "config latency is made by `nape-bench import help_latency" in told
    assert main(["card", "nape/transnas_macro"]) == 2
    assert capsys.readouterr().err.count("nape-bench import transnas") == 1
