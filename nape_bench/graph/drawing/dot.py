"""Layouts by graphviz's `dot`, where it is installed."""

from __future__ import annotations

import itertools
import math
import shutil
import subprocess
from typing import TYPE_CHECKING

from nape_bench.graph.drawing.layered import GAP_X, GAP_Y, Layout

if TYPE_CHECKING:
    from nape_bench.graph.drawing.layered import Point

SECONDS = 20
"""How long `dot` may take: it gives up on large graphs late, and there is another layout."""

_INCH = 72.0


class DotError(Exception):
    """`dot` has given no layout; the message says why."""


def dot_layout(sizes: list[Point], edges: list[tuple[int, int]], parts: list[int]) -> Layout:
    """Lay boxes out with `dot`.

    Args:
        sizes: (width, height) of each box in pixels.
        edges: (from, to), each pair once.
        parts: For each box the number of its part, as `layered` takes them.

    Raises:
        DotError: It is missing, fails, takes too long, or writes what is no layout of the boxes.
    """
    program = shutil.which("dot")
    if program is None:
        raise DotError("it is not installed")
    try:
        done = subprocess.run(  # noqa: S603 (a fixed program, no shell, numbers on its input)
            [program, "-Tplain"],
            input=_source(sizes, edges, parts),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise DotError(f"it took longer than {SECONDS} s") from None
    except subprocess.CalledProcessError as error:
        said = (error.stderr or "").strip().partition("\n")[0]
        raise DotError(f"exit status {error.returncode}{said and f': {said}'}") from None
    except OSError as error:
        raise DotError(f"{program} cannot be run: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DotError("it wrote what is no text") from None
    try:
        return _layout(done.stdout, sizes, edges)
    except (ValueError, KeyError, IndexError):
        raise DotError("it wrote what is no layout of the graph") from None


def _source(sizes: list[Point], edges: list[tuple[int, int]], parts: list[int]) -> str:
    """Return what `dot` reads: boxes are numbers, so that nothing has to be escaped."""
    lines = [f"digraph {{ nodesep={GAP_X / _INCH:.3f}; ranksep={GAP_Y / _INCH:.3f};"]
    lines.append("splines=polyline;")
    lines.append('node [shape=box, fixedsize=true, label=""]; edge [arrowhead=none];')
    for i, (width, height) in enumerate(sizes):
        lines.append(f"{i} [width={width / _INCH:.4f}, height={height / _INCH:.4f}];")
    lines += [f"{source}:s -> {target}:n;" for source, target in edges]
    lines += [f"{a} -> {b} [style=invis, weight=0];" for a, b in _below(edges, parts)]
    return "\n".join([*lines, "}"])


def _below(edges: list[tuple[int, int]], parts: list[int]) -> list[tuple[int, int]]:
    """Return what holds each part below the one before: from its last boxes to the first."""
    inside = [(source, target) for source, target in edges if parts[source] == parts[target]]
    read, reading = {source for source, _ in inside}, {target for _, target in inside}
    held: list[tuple[int, int]] = []
    for part in sorted(set(parts))[1:]:
        lasts = [i for i, own in enumerate(parts) if own == part - 1 and i not in read]
        firsts = [i for i, own in enumerate(parts) if own == part and i not in reading]
        held += [(a, b) for a in lasts for b in firsts if (a, b) not in edges]
    return held


def _layout(text: str, sizes: list[Point], edges: list[tuple[int, int]]) -> Layout:
    """Read the plain format: "edge 0:s 1:n 4 x y ...", where bends are every third point."""
    places: dict[int, Point] = {}
    routes: dict[tuple[int, int], list[Point]] = {}
    wanted = set(edges)
    width = height = 0.0
    for words in map(str.split, text.splitlines()):
        if words[:1] == ["graph"]:
            width, height = float(words[2]) * _INCH, float(words[3]) * _INCH
        elif words[:1] == ["node"]:
            i, x, y = int(words[1]), float(words[2]) * _INCH, height - float(words[3]) * _INCH
            places[i] = (x - sizes[i][0] / 2, y - sizes[i][1] / 2)
        elif words[:1] == ["edge"]:
            numbers = [float(word) * _INCH for word in words[4 : 4 + 2 * int(words[3])]]
            points = list(zip(numbers[::2], (height - y for y in numbers[1::2]), strict=True))
            source, target = (int(word.partition(":")[0]) for word in words[1:3])
            if (source, target) in wanted:  # others hold parts below each other
                routes[source, target] = points[::3]
    for source, target in edges:
        points = routes[source, target]
        # Ends are rounded in the plain format: put them onto the boxes.
        points[0] = (points[0][0], places[source][1] + sizes[source][1])
        points[-1] = (points[-1][0], places[target][1])
    ordered = [places[i] for i in range(len(sizes))]
    for point in itertools.chain([(width, height)], ordered, *routes.values()):
        if not all(map(math.isfinite, point)):
            raise ValueError("places must be finite")
    return Layout(ordered, routes, width, height, straight=True)
