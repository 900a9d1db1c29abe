"""The site in a real browser, opened from files: read, sorted, filtered, by mouse and by keyboard.

Chromium is looked for at $CHROMIUM and among the system's programs; no browser is downloaded.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nape_bench.leaderboard.site.build import write_site
from tests.leaderboard.hostile_site import hostile_board, quoted
from tests.leaderboard.small_board import PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Request

    from nape_bench.leaderboard.board import Board

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium found: set $CHROMIUM")

PROTOCOL = "protocols/in-family--hiaml.html"
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Board:
    made = hostile_board(tmp_path_factory.mktemp("hostile"))
    shown = made.submissions
    flops = replace(shown["flops"], is_baseline=True)
    return replace(made, submissions={**shown, "flops": flops})


@pytest.fixture(scope="module")
def site(board: Board, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / "site"
    write_site(board, quoted(), folder)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser, site: Path) -> Iterator[Callable[..., Page]]:
    """Open a page of the site; whatever goes wrong in it fails the test in the end."""
    wrong: list[str] = []
    contexts = []

    def opened(path: str = "index.html", **options: object) -> Page:
        context = browser.new_context(**{"viewport": DESK, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: wrong.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("requestfailed", lambda asked: _check_failure(asked, wrong))
        page.on("request", lambda asked: _check_address(asked.url, site, wrong))
        page.goto((site / path).as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def _check_failure(asked: Request, wrong: list[str]) -> None:
    # What a page that is left has asked for is given up.
    if asked.failure != "net::ERR_ABORTED":
        wrong.append(f"{asked.failure}: {asked.url}")


def _check_address(address: str, site: Path, wrong: list[str]) -> None:
    if not address.startswith(f"{site.as_uri()}/"):
        wrong.append(f"asked for {address}")


def names(page: Page) -> list[str]:
    """The folders of the submissions that are shown in the first table of them, top down."""
    rows = page.locator("table[data-filterable]").first.locator("tbody tr:visible th a")
    hrefs = [link.get_attribute("href") or "" for link in rows.all()]
    return [href.rpartition("/")[2].removesuffix(".html") for href in hrefs]


def heading(page: Page, name: str) -> tuple[object, object]:
    table = page.locator("table[data-filterable]").first
    found = table.locator("thead th").filter(has_text=name).first
    return found, found.locator("button")


def values(page: Page, column: int) -> list[float]:
    cells = page.locator("table[data-filterable]").first.locator(
        f"tbody tr:visible td:nth-child({column})"
    )
    return [float(cell.get_attribute("data-value") or "nan") for cell in cells.all()]


def test_a_column_is_sorted_both_ways(visit: Callable[..., Page]) -> None:
    page = visit(PROTOCOL)
    start = names(page)
    assert start[0] == "better"
    head, button = heading(page, "SRCC")
    button.click()
    assert head.get_attribute("aria-sort") == "descending"
    assert values(page, 3) == sorted(values(page, 3), reverse=True)
    button.click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert values(page, 3) == sorted(values(page, 3))
    assert names(page) == start[::-1]
    table = page.locator("table[data-filterable]").first
    assert table.locator("th[aria-sort]").count() == 1
    _, button = heading(page, "Submission")
    button.click()
    texts = [link.inner_text().lower() for link in table.locator("th.who a").all()]
    assert texts == sorted(texts)


def test_what_has_no_value_stays_below(visit: Callable[..., Page]) -> None:
    page = visit(PROTOCOL)
    head, button = heading(page, "MAE")
    for order in ("ascending", "descending"):
        button.click()
        assert head.get_attribute("aria-sort") == order
        assert names(page)[-1] == "flops"


def test_rows_are_filtered(visit: Callable[..., Page]) -> None:
    page = visit()
    find, said = page.get_by_label("Find"), page.locator("form.filter output")
    everyone = set(names(page))
    assert everyone == {"better", "middling", "flops", "hostile"}
    find.fill("BETT")
    assert names(page) == ["better"]
    assert said.inner_text() == "2 of 8 rows"
    find.fill("nobody")
    assert names(page) == []
    page.get_by_role("button", name="Clear").click()
    page.wait_for_function("document.querySelector('form.filter output').textContent === ''")
    assert set(names(page)) == everyone
    page.get_by_label("Show").select_option("baseline")
    assert names(page) == ["flops"]
    page.get_by_label("Show").select_option("submission")
    page.get_by_label("Predicts").select_option("score")
    assert names(page) == []
    page.get_by_label("Show").select_option("")
    assert names(page) == ["flops"]


def test_from_the_board_to_a_submission(visit: Callable[..., Page]) -> None:
    page = visit()
    page.get_by_role("link", name="better").first.click()
    assert page.locator("h1").inner_text() == "better"
    assert page.title() == "better · nape_bench leaderboard"
    first, second = page.locator("details.part").all()
    assert first.locator("svg.plot").first.is_visible()
    assert not second.locator("svg.plot").first.is_visible()
    second.locator("summary").click()
    assert second.locator("svg.plot circle").count() in {40, 60}
    page.get_by_role("link", name=PLAIN, exact=True).first.click()
    assert page.locator("h1").inner_text() == PLAIN


def test_a_link_into_a_closed_part_opens_it(visit: Callable[..., Page]) -> None:
    page = visit("submissions/better.html")
    closed = page.locator("details.part").nth(1)
    page.goto(f"{page.url}#{closed.get_attribute('id')}")
    assert closed.locator("table").is_visible()


def test_all_of_it_by_keyboard(visit: Callable[..., Page]) -> None:
    page = visit(PROTOCOL)
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == "Skip to content"
    assert skip.bounding_box()["x"] > 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(page.locator(":focus").evaluate("e => [e.tagName, e.textContent.trim()]"))
        if seen[-1] == ["BUTTON", "SRCC"]:
            break
    assert seen[-1] == ["BUTTON", "SRCC"]
    assert ["INPUT", ""] in seen
    outline = page.locator(":focus").evaluate("e => getComputedStyle(e).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    assert names(page)[-1] == "better"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert heading(page, "Submission")[0].get_attribute("aria-sort") == "ascending"


@pytest.mark.parametrize("viewport", [PHONE, DESK])
def test_no_page_is_wider_than_the_screen(
    visit: Callable[..., Page], site: Path, viewport: dict[str, int]
) -> None:
    page = visit(viewport=viewport)
    for path in sorted(site.rglob("*.html")):
        page.goto(path.as_uri())
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"], path.name


def test_a_wide_table_scrolls_in_itself_and_keeps_its_names(visit: Callable[..., Page]) -> None:
    page = visit(PROTOCOL, viewport=PHONE)
    scroller = page.locator(".scroll").first
    assert scroller.get_attribute("tabindex") == "0"
    assert scroller.get_attribute("role") == "region"
    scroller.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.scroll').scrollLeft > 100")
    name, box = page.locator("th.who").first.bounding_box(), scroller.bounding_box()
    assert name is not None
    assert box is not None
    assert name["x"] == pytest.approx(box["x"], abs=1)


def test_dark_pages_are_dark(visit: Callable[..., Page]) -> None:
    def light(page: Page, what: str, of: str) -> float:
        told = page.locator(what).first.evaluate(f"e => getComputedStyle(e).{of}")
        return sum(float(part) for part in told[told.index("(") + 1 : -1].split(",")[:3]) / 3

    for scheme, is_dark in (("light", False), ("dark", True)):
        page = visit(PROTOCOL, color_scheme=scheme)
        assert (light(page, "body", "backgroundColor") < 60) == is_dark
        assert (light(page, "body", "color") > 190) == is_dark
        assert (light(page, "th.who", "backgroundColor") < 60) == is_dark
        assert (light(page, "svg.plot text.mid", "fill") > 190) == is_dark


def test_all_is_read_without_scripts(visit: Callable[..., Page]) -> None:
    page = visit(PROTOCOL, java_script_enabled=False)
    assert not page.locator("form.filter").is_visible()
    assert page.locator("th button").count() == 0
    assert len(names(page)) == 4


def test_nothing_that_a_submission_says_is_run(visit: Callable[..., Page], site: Path) -> None:
    page = visit("submissions/hostile.html")
    for path in sorted(site.rglob("*.html")):
        page.goto(path.as_uri())
        assert page.evaluate("window.hurt") is None, path.name
        assert page.locator("img[src=x], a[href^=javascript]").count() == 0, path.name
    page.goto((site / "submissions" / "hostile.html").as_uri())
    assert page.locator("h1").inner_text().startswith("<script>window.hurt=1</script>")
    page.mouse.move(400, 200)
    assert page.evaluate("window.hurt") is None


def test_the_policy_holds_where_escaping_would_not(
    browser: Browser, site: Path, tmp_path: Path
) -> None:
    """Script in a page itself is refused by the page's own policy."""
    text = (site / "index.html").read_text()
    hurt = "<script>window.hurt=1</script><img src=x onerror='window.hurt=1'>"
    copy = site / "copy.html"
    copy.write_text(text.replace("<h1>", f"{hurt}<h1>"))
    try:
        context = browser.new_context()
        page = context.new_page()
        page.goto(copy.as_uri())
        assert page.evaluate("window.hurt") is None
        context.close()
    finally:
        copy.unlink()
