"""The site: inert, whole, and the same for the same board."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import numpy as np
import pytest

from nape_bench.data import load_dataset
from nape_bench.errors import DataError
from nape_bench.leaderboard.assemble import assemble
from nape_bench.leaderboard.checking.folders import Folders
from nape_bench.leaderboard.checking.sheet import write_sheet
from nape_bench.leaderboard.quoted import read_quoted
from nape_bench.leaderboard.site.addresses import add_page, protocol_page, root_of
from nape_bench.leaderboard.site.bars import interval_bar, least
from nape_bench.leaderboard.site.build import pages, read_site, write_site
from nape_bench.leaderboard.site.costs import Point, front, labels_picture, seconds_picture
from nape_bench.leaderboard.site.environment import web_address
from nape_bench.leaderboard.site.words import compared, correlation, printed, sentence
from tests.leaderboard.hostile_site import LINK, hostile_board, quoted
from tests.leaderboard.html_pages import Page
from tests.leaderboard.small_board import PLAIN, SHOTS, board, guesses, sheet, submit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nape_bench.leaderboard.board import Board

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Board:
    return hostile_board(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def site(hostile: Board) -> dict[str, bytes]:
    return pages(hostile, quoted())


def read(site: Mapping[str, bytes]) -> dict[str, Page]:
    return {path: Page(told.decode()) for path, told in site.items() if path.endswith(".html")}


def links(site: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """All (page, address) of the site, but for those that leave it."""
    found = []
    for path, page in read(site).items():
        for element in page.elements:
            for name in ("href", "src"):
                address = element.attributes.get(name)
                if address is not None and not address.startswith(("https://", "http://")):
                    found.append((path, address))
    return found


def check_links(site: Mapping[str, bytes]) -> None:
    ids = {path: set(page.ids) for path, page in read(site).items()}
    for path, address in links(site):
        assert ":" not in address, f"{path}: {address}"
        file, _, fragment = address.partition("#")
        parts = path.split("/")[:-1] if file else path.split("/")
        for step in filter(None, unquote(file).split("/")):
            parts = parts[:-1] if step == ".." else [*parts, step]
        target = "/".join(parts)
        assert target in site, f"{path}: {address}"
        assert not fragment or fragment in ids[target], f"{path}: {address}"


def test_every_link_leads_somewhere(site: Mapping[str, bytes]) -> None:
    check_links(site)


def test_every_page_is_whole(site: Mapping[str, bytes]) -> None:
    titles = []
    for path, page in read(site).items():
        (html,) = page.all("html")
        assert html.attributes["lang"] == "en"
        assert len(page.all("h1")) == len(page.all("main")) == 1, path
        assert len(page.ids) == len(set(page.ids)), path
        titles.append(re.search("<title>(.*?)</title>", page.source)[1])  # type: ignore[index]
        for table in re.findall(r"<table.*?</table>", page.source, re.DOTALL):
            assert "<caption" in table, path
            assert all("scope=" in th for th in re.findall(r"<th\b[^>]*>", table)), path
        assert all("alt" in image.attributes for image in page.all("img"))
        named = [e for e in page.all("svg") if e.attributes["role"] == "img"]
        assert len(named) == len(page.all("svg"))
    assert len(titles) == len(set(titles))


def test_pages_allow_nothing_but_the_sites_own_files(site: Mapping[str, bytes]) -> None:
    for path, page in read(site).items():
        (policy,) = (e for e in page.all("meta") if "http-equiv" in e.attributes)
        assert policy.attributes["content"].startswith("default-src 'none'; style-src 'self' file:")
        assert "unsafe" not in policy.attributes["content"]
        assert not page.all("style", "iframe", "object", "embed", "base"), path
        assert [e.attributes["src"] for e in page.all("script")] == [
            f"{root_of(path)}assets/board.js"
        ]
        for element in page.elements:
            inline = [n for n in element.attributes if n == "style" or n.startswith("on")]
            assert not inline, f"{path}: {element}"
        for element in page.all("a"):
            if element.attributes["href"].startswith("http"):
                assert element.attributes["rel"] == "noopener nofollow ugc"
                # A Space is shown in a frame, which others refuse to be in.
                assert element.attributes["target"] == "_blank"


def test_the_sites_files_ask_for_nothing_from_elsewhere(site: Mapping[str, bytes]) -> None:
    for path, content in site.items():
        if not path.endswith((".html", ".csv")):
            text = content.decode().replace("http://www.w3.org/2000/svg", "")
            assert "://" not in text, path
            assert "@import" not in text
            assert "url(" not in text


def test_what_submissions_say_is_text(site: Mapping[str, bytes]) -> None:
    page = read(site)["submissions/hostile.html"]
    assert "<script>window" not in page.source
    assert "<img src=x" not in page.source
    assert not page.all("img")
    (heading,) = page.all("h1")
    assert heading.text.startswith("<script>window.hurt=1</script>")
    assert "{{ 7*7 }}" in heading.text
    for other in read(site).values():
        assert len(other.all("script")) == 1
        assert all("hurt" not in value for e in other.elements for value in _harmful(e.attributes))


def _harmful(attributes: Mapping[str, str]) -> list[str]:
    return [value for name, value in attributes.items() if name in {"href", "src", "id", "class"}]


def test_links_lead_to_the_web_alone(site: Mapping[str, bytes]) -> None:
    assert web_address("https://example.org/a?b=c") == "https://example.org/a?b=c"
    for address in (LINK, f" {LINK}", "JavaScript:x", "data:text/html,x", "//example.org", "", None,
                    "https://a b", "\thttps://a", "file:///etc/passwd"):  # fmt: skip
        assert web_address(address) == ""
    page = read(site)["submissions/hostile.html"]
    assert LINK in page.source
    assert not any("javascript" in e.attributes["href"] for e in page.all("a"))


def test_the_same_board_gives_the_same_bytes(hostile: Board, site: Mapping[str, bytes]) -> None:
    assert pages(hostile, quoted()) == site


def test_written_again_it_is_the_same_and_what_is_gone_goes(hostile: Board, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "site"
    write_site(hostile, quoted(), folder)
    assert read_site(folder) == pages(hostile, quoted())
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    write_site(hostile, quoted(), folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    (folder / "submissions" / "gone.html").write_text("x")
    (folder / "index.html").write_text("x")
    write_site(hostile, quoted(), folder)
    assert read_site(folder) == pages(hostile, quoted())
    assert [path.name for path in folder.parent.iterdir()] == ["site"]


def test_a_folder_of_something_else_is_left_alone(hostile: Board, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(DataError, match="no site of a leaderboard"):
        write_site(hostile, (), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_quoted_rows_stand_apart(site: Mapping[str, bytes]) -> None:
    page = read(site)[protocol_page(PLAIN)]
    ranking, _, below = page.source.partition("Quoted from papers, not scored here")
    assert "Theirs" not in ranking
    assert all(
        text in below
        for text in ("Theirs", "0.812", "±", "0.01", "Other labels.", "A paper, Table 1")
    )
    assert "gone/x" in read(site)["quoted.html"].source
    assert printed(27.27) == "27.27", "as the paper has it"


def test_predictions_are_drawn_where_labels_may_be_shown(tmp_path: Path) -> None:
    folders = board(tmp_path)
    made = assemble(folders)
    page = read(pages(made, ()))["submissions/better.html"]
    drawn = [e for e in page.all("svg") if e.attributes["class"] == "plot"]
    assert len(drawn) == 2
    # Seed 0 is scored on 40 of 60 rows where 20 are shown.
    assert page.source.count('<circle class="point"') == 60 + 40
    rankings = {
        name: replace(each, places=tuple(replace(p, is_stored=True) for p in each.places))
        for name, each in made.rankings.items()
    }
    page = read(pages(replace(made, rankings=rankings), ()))["submissions/better.html"]
    assert '<circle class="point"' not in page.source
    assert page.source.count("may not be redistributed.") == 2


def test_a_dataset_of_the_package_is_drawn_and_another_is_not(tmp_path: Path) -> None:
    hiaml = load_dataset("nape/hiaml", "micro", revision="v1.1")
    folders = board(tmp_path)
    write_sheet(tmp_path / "protocols", sheet(PLAIN, content_hash=hiaml.content_hash))
    text = (tmp_path / "submissions/better/submission.yaml").read_text()
    hashed = re.sub(rf'("{PLAIN}".*content_hash: )\w+', rf"\g<1>{hiaml.content_hash}", text)
    (tmp_path / "submissions/better/submission.yaml").write_text(hashed)
    other = sheet(SHOTS, dataset="nape/ofa_mbv3", config="imagenet", version="v1.0")
    write_sheet(tmp_path / "protocols", other)
    for name in ("better", "middling", "flops"):
        file = tmp_path / "submissions" / name / "submission.yaml"
        told = file.read_text().splitlines()
        lines = [
            line.replace("nape/hiaml", "nape/ofa_mbv3").replace("micro", "imagenet")
            .replace("v1.1", "v1.0") if f'"{SHOTS}"' in line else line
            for line in told
        ]  # fmt: skip
        file.write_text("\n".join(lines))
    site = pages(assemble(folders), ())
    check_links(site)
    page = read(site)["datasets/nape--hiaml.html"]
    assert page.source.count('<rect class="bar"') > 5
    assert f"{len(hiaml['train'])}</td>" in page.source
    assert site["datasets/nape--hiaml.svg"].startswith(b"<svg")
    page = read(site)["datasets/nape--ofa_mbv3.html"]
    assert "may not be redistributed" in page.source
    assert "nape-bench import" in page.source
    assert "datasets/nape--ofa_mbv3.svg" not in site


def test_a_submission_may_be_called_as_a_page_is(tmp_path: Path) -> None:
    folders = board(tmp_path)
    for seed, name in enumerate(("index", "submissions", "about"), start=10):
        submit(tmp_path, name, guesses(0.9, seed))
    site = pages(assemble(folders), ())
    check_links(site)
    assert {"submissions/index.html", "submissions/submissions.html"} <= site.keys()


def test_two_pages_never_share_a_file() -> None:
    made: dict[str, bytes] = {}
    add_page(made, protocol_page("a/b--c"), b"")
    with pytest.raises(DataError, match="two pages"):
        add_page(made, protocol_page("a--b/c"), b"")


def test_bars_hold_values_within_their_scale() -> None:
    assert least([0.2, None]) == 0
    assert least([-0.31, 0.9]) == -0.5
    assert least([-1.0]) == -1
    bar = interval_bar(-0.3, -0.5, 0.1, start=-0.5, ceiling=0.9)
    (left, width) = re.search(r'value" x="([\d.]+)" y="3" width="([\d.]+)"', bar).groups()  # type: ignore[union-attr]
    assert float(left) == pytest.approx(2 + 108 * 0.2 / 1.5, abs=0.1)
    assert float(width) == pytest.approx(108 * 0.3 / 1.5, abs=0.1)
    assert "−0.300, 95 % interval −0.500 to 0.100, reachable 0.900" in bar
    assert 'class="range"' not in interval_bar(0.5, None, None)


def test_the_front_is_what_none_beats_at_that_cost() -> None:
    points = [(1.0, 0.2), (0.0, 0.5), (2.0, 0.6), (2.0, 0.7), (3.0, 0.65)]
    assert front(points) == [(0.0, 0.5), (2.0, 0.7)]


def test_cost_pictures_show_what_was_told() -> None:
    points = [
        Point("a", "<A>", 0.9, 0, 0.0, True),
        Point("b", "B", 0.5, 100, None, False),
        Point("c", "C", 0.7, 20, 3.0, False),
    ]
    labels = labels_picture(points, name="x", ceiling=0.95)
    assert labels.count("<circle") == 3
    assert "&lt;A&gt;: SRCC 0.900" in labels
    assert 'class="guide"' in labels
    seconds = seconds_picture(points, name="y")
    assert seconds is not None
    assert seconds.count("<circle") == 2
    assert seconds_picture([replace(p, seconds=None) for p in points], name="y") is None


def test_a_comparison_is_told_in_words(hostile: Board) -> None:
    track = next(iter(hostile.tracks.values()))
    assert compared(track) == "One protocol alone: there is nothing to compare over."
    three = replace(track, protocols=("a", "b", "c"), p_value=0.04, critical_difference=1.5)
    assert "they are not all alike (Friedman's test, p = 0.040)" in compared(three)
    assert "less than 1.50" in compared(three)
    many = replace(three, p_value=1e-9)
    assert "p below 0.001" in compared(many)
    assert "needs 3 at least" in compared(replace(three, standings=track.standings[:2]))
    assert (correlation(-0.0004), correlation(-0.0006)) == ("0.000", "−0.001")
    assert sentence("fitted to it") == "Fitted to it."
    assert sentence("nape/hiaml (micro): x.") == "nape/hiaml (micro): x."


def test_a_superseded_submission_is_shown_and_not_ranked(tmp_path: Path) -> None:
    folders = board(tmp_path)
    submit(tmp_path, "older", guesses(0.9, 5), lifecycle="superseded", superseded_by="better")
    site = pages(assemble(folders), ())
    check_links(site)
    assert "takes no part in rankings" in site["submissions/older.html"].decode()
    row = re.search(r"<tr data-kind[^>]*>\s*<td[^>]*>–</td>\s*<th[^>]*>.*older", _rows(site))
    assert row is not None


def _rows(site: Mapping[str, bytes]) -> str:
    return site[protocol_page(PLAIN)].decode()


def test_scores_are_there_as_a_table(hostile: Board, site: Mapping[str, bytes]) -> None:
    lines = site["scores.csv"].decode().splitlines()
    assert lines[0] == "protocol,submission,metric,value,low,high,rank,labels,seconds"
    place = hostile.rankings[PLAIN].places[0]
    value = place.score.metrics["spearman"].value
    (line,) = (each for each in lines if each.startswith(f"{PLAIN},{place.submission},spearman,"))
    assert np.isclose(float(line.split(",")[3]), value)


@pytest.mark.slow
def test_the_site_of_recorded_baselines() -> None:
    made = assemble(Folders.of(ROOT / "leaderboard", ROOT / "baselines"), scored=False)
    site = pages(made, read_quoted(ROOT / "leaderboard" / "quoted"))
    check_links(site)
    assert sum(map(len, site.values())) < 25 * 2**20
    assert {"submissions/flops.html", "tracks/in-family--all.html"} <= site.keys()
