"""Pictures of graphs: everything is there, nothing is on top of anything, and it is safe."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree

import pytest

from nape_bench.errors import GraphError
from nape_bench.graph import ArchGraph, GraphBuilder
from nape_bench.graph.drawing.repeats import parts
from nape_bench.spaces import Space, space
from tests.graph.networks import random_network, tiny

if TYPE_CHECKING:
    from pathlib import Path

NAME = "{http://www.w3.org/2000/svg}"
Point = tuple[float, float]


class Rect(NamedTuple):
    x: float
    y: float
    width: float
    height: float

    def inside(self, point: Point, margin: float = -0.2) -> bool:
        x, y = point
        across = self.x - margin < x < self.x + self.width + margin
        return across and self.y - margin < y < self.y + self.height + margin


class Picture:
    """What is in an SVG."""

    def __init__(self, svg: str) -> None:
        self.root = ElementTree.fromstring(svg)
        self.rims = self._rects("rim")
        self.frames = self._rects("frame")
        self.page = self._rects("page")[0]
        shift = self.root.findall(f"{NAME}g")[-1].attrib["transform"]
        self.shift = tuple(float(x) for x in re.findall(r"[\d.]+", shift))
        self.routes = [e.attrib["d"] for e in self.root.iter() if e.get("class") == "edge"]
        self.rows = [e.text or "" for e in self.root.iter() if e.get("class") == "row"]
        self.hover = [e.text or "" for e in self.root.iter(f"{NAME}title")][1:]
        self.times = [e.text or "" for e in self.root.iter() if e.get("class") == "times"]

    def _rects(self, kind: str) -> list[Rect]:
        found = [e for e in self.root.iter(f"{NAME}rect") if e.get("class") == kind]
        return [
            Rect(*(float(e.get(name, 0)) for name in ("x", "y", "width", "height"))) for e in found
        ]


def points_of(route: str) -> list[Point]:
    """Points along a path of M, L and C commands, close together."""
    points: list[Point] = []
    for command, rest in re.findall(r"([MLC])([^MLC]*)", route):
        numbers = [float(number) for number in rest.split()]
        ends = list(zip(numbers[::2], numbers[1::2], strict=True))
        if command == "M":
            points.append(ends[0])
            continue
        start = points[-1]
        for step in range(1, 21):
            t = step / 20
            if command == "L":
                points.append(tuple(a + (b - a) * t for a, b in zip(start, ends[0], strict=True)))
            else:
                all_four = [start, *ends]
                shares = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3]
                points.append(
                    tuple(
                        sum(s * p[axis] for s, p in zip(shares, all_four, strict=True))
                        for axis in (0, 1)
                    )
                )
    return points


def check_geometry(picture: Picture) -> None:
    for one, other in itertools.combinations(picture.rims, 2):
        apart = (
            one.x + one.width <= other.x
            or other.x + other.width <= one.x
            or one.y + one.height <= other.y
            or other.y + other.height <= one.y
        )
        assert apart, f"{one} and {other} overlap"
    dx, dy = picture.shift
    for rect in (*picture.rims, *picture.frames):
        assert rect.x + dx >= 0
        assert rect.y + dy >= 0
        assert rect.x + rect.width + dx <= picture.page.width
        assert rect.y + rect.height + dy <= picture.page.height
    for route in picture.routes:
        points = points_of(route)
        (x0, y0), (x1, y1) = points[0], points[-1]
        starts = [r for r in picture.rims if abs(r.y + r.height - y0) < 0.2]
        ends = [r for r in picture.rims if abs(r.y - y1) < 0.2]
        assert any(r.x < x0 < r.x + r.width for r in starts), f"{route} starts nowhere"
        assert any(r.x < x1 < r.x + r.width for r in ends), f"{route} ends nowhere"
        near = [r for r in picture.rims if r.y < y1 and r.y + r.height > y0]
        crossed = [r for r in near for point in points if r.inside(point)]
        assert not crossed, f"{route} crosses {crossed[0]}"


def test_every_family_is_drawn_whole_and_clean(family: Space) -> None:
    graph = family.build(family.example)
    picture = Picture(graph.draw(layout="own"))
    check_geometry(picture)
    drawn = parts(graph)
    assert sum((part.end - part.first) * part.times for part in drawn) == len(graph)
    assert len(picture.rows) == sum(part.end - part.first for part in drawn)
    assert picture.times == [f"× {part.times}" for part in drawn if part.times > 1]
    # Of those, each tells of itself on hover.
    shown = [int(text.split()[0]) for text in picture.hover if "channels)" in text]
    assert sorted(shown) == [n for part in drawn for n in range(part.first, part.end)]


@pytest.mark.parametrize("seed", range(12))
def test_random_networks(seed: int) -> None:
    graph = random_network(seed, length=40)
    check_geometry(Picture(graph.draw(layout="own")))
    assert len(Picture(graph.draw(layout="own", fold=False)).rows) == len(graph)


def test_what_repeats_itself_is_drawn_once() -> None:
    b = GraphBuilder(8)
    x = b.conv(b.input, 4, 3)
    for _ in range(5):
        x = b.add(b.batch_norm(b.conv(b.relu(x), 4, 3)), x)
    graph = b.finish(b.dense(b.mean(x), 3))
    assert [(p.end - p.first, p.times) for p in parts(graph)] == [(2, 1), (4, 5), (3, 1)]
    picture = Picture(graph.draw(layout="own"))
    assert picture.times == ["× 5"]
    assert len(picture.frames) == 1
    framed = [rim for rim in picture.rims if picture.frames[0].inside((rim.x, rim.y))]
    assert len(framed) == 2
    check_geometry(picture)
    whole = Picture(graph.draw(layout="own", fold=False))
    assert (len(whole.rows), whole.times) == (len(graph), [])


def test_blocks_that_differ_are_not_folded() -> None:
    b = GraphBuilder(8)
    x = b.conv(b.input, 4, 3)
    for kernel in (3, 5, 3, 5, 3):
        x = b.add(b.conv(x, 4, kernel), x)
    graph = b.finish(x)
    assert [p.times for p in parts(graph)] == [1, 2, 1]


def test_cells_that_read_the_two_before_them_are_drawn_once() -> None:
    b = GraphBuilder(8)
    x = b.conv(b.input, 3, 3)
    y = b.conv(x, 3, 3)
    for _ in range(4):  # no node lies on every path; the first step's x stands nearer than others'
        x, y = y, b.add(b.conv(y, 3, 3), x)
    graph = b.finish(b.add(x, y))
    assert [(p.end - p.first, p.times) for p in parts(graph)] == [(5, 1), (2, 3), (2, 1)]
    check_geometry(Picture(graph.draw(layout="own")))


def test_three_tensors_are_too_many_to_fold() -> None:
    b = GraphBuilder(8)
    x, y, z = (b.conv(b.input, 3, kernel) for kernel in (1, 3, 5))
    for _ in range(4):
        x, y, z = y, z, b.add(b.conv(z, 3, 3), b.conv(y, 3, 1), x)
    assert [p.times for p in parts(b.finish(b.add(x, y, z)))] == [1]


def test_copies_that_others_read_are_not_folded() -> None:
    b = GraphBuilder(8)
    x = b.conv(b.input, 3, 3)
    y = b.conv(x, 3, 3)
    read = []
    for _ in range(4):
        x, y = y, b.add(b.conv(y, 3, 3), x)
        read.append(x)
    graph = b.finish(b.add(*read, y))  # reads every copy, where a fold would show one
    assert [p.times for p in parts(graph)] == [1]


def test_an_h_swish_is_in_the_box_of_what_it_reads() -> None:
    b = GraphBuilder(8)
    x = b.batch_norm(b.conv(b.input, 4, 3))
    graph = b.finish(b.mean(b.mul(x, b.relu6(x))))
    picture = Picture(graph.draw(layout="own"))
    assert picture.rows[1:-1] == ["Conv 3×3 → 4", "BatchNorm", "ReLU6", "Mul (h-swish)", "Mean"]
    assert len(picture.rims) == 3
    check_geometry(picture)
    b = GraphBuilder(8)
    x = b.conv(b.input, 4, 3)
    picture = Picture(b.finish(b.add(b.mul(b.relu6(x), x), x)).draw(layout="own"))
    assert "Mul" in picture.rows  # what it reads is read once more
    check_geometry(picture)


def test_long_titles_are_wrapped() -> None:
    svg = tiny().draw(title="x" * 200, layout="own")
    heads = [e.text or "" for e in ElementTree.fromstring(svg).iter() if e.get("class") == "head"]
    assert len(heads) > 1
    assert "".join(heads) == "x" * 200


def test_a_source_read_twice_is_one_bold_edge() -> None:
    b = GraphBuilder(8)
    svg = b.finish(b.add(b.input, b.input)).draw(layout="own")
    assert "<title>read 2 times</title>" in svg
    assert len(Picture(svg).routes) == 2


def test_it_stands_on_its_own_and_is_safe() -> None:
    svg = tiny().draw(title='<script>alert("1")</script> & more', layout="own")
    root = ElementTree.fromstring(svg)
    tags = {element.tag.removeprefix(NAME) for element in root.iter()}
    assert tags == {"svg", "title", "desc", "style", "rect", "text", "g", "path"}
    assert root.findtext(f"{NAME}title") == '<script>alert("1")</script> & more'
    assert "multiply-adds" in (root.findtext(f"{NAME}desc") or "")
    assert "href" not in svg
    assert "url(" not in svg
    assert svg.count("http") == 1  # the name space
    assert "prefers-color-scheme:dark" in svg
    # No rule reaches what stands around it on a page.
    style = (root.findtext(f"{NAME}style") or "").replace("@media(prefers-color-scheme:dark){", "")
    rules = [rule for rule in re.findall(r"([^{}]+)\{", style) if rule.strip()]
    assert all(rule.startswith(f"#{root.get('id')}") for rule in rules)


def test_notebooks_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = tiny()
    assert graph._repr_svg_() == graph.draw()
    monkeypatch.setattr("nape_bench.graph.drawing.pictures.MOST_NODES", 3)
    assert graph._repr_svg_() is None
    with pytest.raises(GraphError, match="7 nodes, and at most 3 are drawn"):
        graph.draw()


def test_equal_graphs_give_equal_pictures() -> None:
    graph = random_network(3)
    again = ArchGraph.from_dict(graph.to_dict())
    assert graph.draw(layout="own") == again.draw(layout="own")


def test_unknown_layouts_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GraphError, match="layout is auto, dot or own, not 'neat'"):
        tiny().draw(layout="neat")  # type: ignore[arg-type]
    monkeypatch.setenv("PATH", "")
    with pytest.raises(GraphError, match="dot gave no layout: it is not installed; layout='own'"):
        tiny().draw(layout="dot")
    assert tiny().draw() == tiny().draw(layout="own")


DOT = """#!{python}
import re, sys
text = sys.stdin.read()
sizes = re.findall(r"^(\\d+) \\[width=([\\d.]+), height=([\\d.]+)\\]", text, re.M)
edges = re.findall(r"(\\d+):s -> (\\d+):n", text)
print("graph 1 4", 2 * len(sizes))
y = {{name: 2 * (len(sizes) - i) - 1 for i, (name, _, _) in enumerate(sizes)}}
for name, width, height in sizes:
    print("node", name, 2, y[name], width, height, "x solid box black white")
for a, b in edges:
    ys = [y[a], y[a] - .1, y[b] + .1, y[b]]
    print("edge", a + ":s", b + ":n", 4, *(n for at in ys for n in (2, at)), "solid black")
print("stop")
"""


def with_dot(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (folder / "dot").write_text(text.format(python=sys.executable))
    (folder / "dot").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder) + os.pathsep + "/usr/bin")


def test_graphviz_lays_out_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_dot(tmp_path, monkeypatch, DOT)
    svg = tiny().draw()
    assert svg == tiny().draw(layout="dot") != tiny().draw(layout="own")
    check_geometry(Picture(svg))


@pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz's dot is not installed")
def test_graphviz_itself_draws_every_family_clean(family: Space) -> None:
    graph = family.build(family.example)
    svg = graph.draw(layout="dot")
    assert svg == graph.draw()
    check_geometry(Picture(svg))
    assert Picture(svg).rows == Picture(graph.draw(layout="own")).rows


@pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz's dot is not installed")
@pytest.mark.parametrize("seed", range(4))
def test_graphviz_itself_draws_random_networks_clean(seed: int) -> None:
    check_geometry(Picture(random_network(seed, length=40).draw(layout="dot")))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("#!{python}\nraise SystemExit(3)", "exit status 3;"),
        ("#!{python}\nraise SystemExit('Error: no\\nmore')", "exit status 1: Error: no;"),
        ("#!{python}\nprint('node 0 a b')", "no layout of the graph"),
        ("#!{python}\nprint('graph 1 4 nonsense')", "no layout of the graph"),
        ("#!{python}\n", "no layout of the graph"),
        ("#!{python}\nimport os; os.write(1, bytes([255, 254]))", "no text"),
        (DOT.replace('"graph 1 4"', '"graph 1 nan"'), "no layout of the graph"),
        (DOT.replace('print("edge"', 'a != "0" and print("edge"'), "no layout of the graph"),
        ("#!{python}-that-is-not-there", "cannot be run: No such file"),
    ],
)
def test_graphviz_may_fail(
    text: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_dot(tmp_path, monkeypatch, text)
    assert tiny().draw() == tiny().draw(layout="own")
    with pytest.raises(GraphError, match=f"dot gave no layout: .*{told}"):
        tiny().draw(layout="dot")


def test_graphviz_may_take_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_: object, timeout: float, **__: object) -> None:
        raise subprocess.TimeoutExpired("dot", timeout)

    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/dot")
    monkeypatch.setattr(subprocess, "run", late)
    assert tiny().draw() == tiny().draw(layout="own")
    with pytest.raises(GraphError, match="it took longer than 20 s"):
        tiny().draw(layout="dot")


def test_large_graphs_stay_small_pictures() -> None:
    graph = space("nb301").build(space("nb301").example)
    assert len(graph) > 900
    assert [p.times for p in parts(graph) if p.times > 1] == [4, 5, 4]
    assert len(graph.draw(layout="own")) < 250_000
