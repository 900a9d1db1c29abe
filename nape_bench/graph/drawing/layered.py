"""A layered layout in plain Python: longest paths, barycentres, straight long edges.

Sugiyama, Tagawa and Toda (1981): boxes go to layers by their longest path from the input, edges
over several layers get a place of their own in each, the order within layers follows the mean place
of neighbours, and so do coordinates, as near as the order allows.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

GAP_X, GAP_Y = 18.0, 30.0
"""Pixels between boxes of a layer, and between layers."""

SWEEPS = 12
"""How often order and coordinates are worked out, down and up by turns."""

_BEND = 4.0
"""Pixels that an edge takes where it crosses a layer."""

Point = tuple[float, float]


class Layout(NamedTuple):
    """Where boxes and edges go, in pixels from the upper left.

    Attributes:
        places: (left, top) of each box.
        routes: For each edge the points that it goes through: a start at the lower side of a box,
            an end at the upper side of another.
        width: Of the whole.
        height: Of the whole.
        straight: Whether edges run straight from point to point, or as curves that are upright at
            each.
    """

    places: list[Point]
    routes: dict[tuple[int, int], list[Point]]
    width: float
    height: float
    straight: bool = False


def layered(sizes: list[Point], edges: list[tuple[int, int]], parts: list[int]) -> Layout:
    """Lay boxes out.

    Args:
        sizes: (width, height) of each box.
        edges: (from, to), each pair once, the first smaller than the second.
        parts: For each box the number of its part, which never falls: a part is below all of the
            part before it.
    """
    layer, chains = _layers(edges, parts)
    widths = [width for width, _ in sizes] + [_BEND] * (len(layer) - len(sizes))
    above: list[list[int]] = [[] for _ in widths]
    below: list[list[int]] = [[] for _ in widths]
    for chain in chains.values():
        for one, next_one in itertools.pairwise(chain):
            below[one].append(next_one)
            above[next_one].append(one)
    rows: list[list[int]] = [[] for _ in range(max(layer) + 1)]
    for item, at in enumerate(layer):
        rows[at].append(item)
    _order(rows, above, below)
    centre = _coordinates(rows, above, below, widths)
    tall = [max((sizes[item][1] for item in row if item < len(sizes)), default=0.0) for row in rows]
    tops = list(itertools.accumulate((height + GAP_Y for height in tall), initial=0.0))
    places = [(centre[i] - w / 2, tops[layer[i]]) for i, (w, _) in enumerate(sizes)]
    routes = {}
    for pair, chain in chains.items():
        source, target = pair
        points = [(centre[source], tops[layer[source]] + sizes[source][1])]
        # Through a layer it runs straight, so that it goes past the boxes there.
        for item in chain[:-1]:
            top = tops[layer[item]]
            points += [(centre[item], top), (centre[item], top + tall[layer[item]])]
        del points[1]
        if points[0] == points[1]:
            del points[1]
        routes[pair] = [*points, (_entry(pair, chain, above, centre, sizes), tops[layer[target]])]
    right = max(centre[item] + widths[item] / 2 for item in range(len(widths)))
    return Layout(places, routes, right, tops[-1] - GAP_Y)


def _layers(
    edges: list[tuple[int, int]], parts: list[int]
) -> tuple[list[int], dict[tuple[int, int], list[int]]]:
    """Return the layer of each item, and the items that each edge goes through, its ends included.

    The first items are boxes; the others are where edges cross a layer.
    """
    read: list[list[int]] = [[] for _ in parts]
    for source, target in edges:
        read[target].append(source)
    layer: list[int] = []
    floor = 0
    for box, part in enumerate(parts):
        if box and part != parts[box - 1]:
            floor = max(layer) + 1
        layer.append(max([floor, *(layer[source] + 1 for source in read[box])]))
    chains = {}
    for source, target in edges:
        crossed = range(layer[source] + 1, layer[target])
        chains[source, target] = [source, *range(len(layer), len(layer) + len(crossed)), target]
        layer.extend(crossed)
    return layer, chains


def _entry(
    pair: tuple[int, int],
    chain: list[int],
    above: list[list[int]],
    centre: list[float],
    sizes: list[Point],
) -> float:
    """Return where an edge enters a box: edges enter side by side, from left to right."""
    target = pair[1]
    incoming = sorted(above[target], key=lambda item: centre[item])
    step = min(14.0, sizes[target][0] / (len(incoming) + 1))
    return centre[target] + (incoming.index(chain[-2]) - (len(incoming) - 1) / 2) * step


def _order(rows: list[list[int]], above: list[list[int]], below: list[list[int]]) -> None:
    """Sort each row by the mean place of what it is tied to, downwards and upwards by turns."""
    place = {item: float(i) for row in rows for i, item in enumerate(row)}
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            near = above if down else below
            row.sort(key=lambda item: _mean(near[item], place, place[item]))
            for i, item in enumerate(row):
                place[item] = i - (len(row) - 1) / 2


def _mean(items: list[int], place: dict[int, float], otherwise: float) -> float:
    return sum(place[item] for item in items) / len(items) if items else otherwise


def _coordinates(
    rows: list[list[int]], above: list[list[int]], below: list[list[int]], widths: list[float]
) -> list[float]:
    """Return the centre of each item: near those that it is tied to, and none over another."""
    centre = dict.fromkeys(range(len(widths)), 0.0)
    offsets = []
    for row in rows:
        offset = [0.0]
        for left, right in itertools.pairwise(row):
            offset.append(offset[-1] + (widths[left] + widths[right]) / 2 + GAP_X)
        offsets.append(offset)
        for item, at in zip(row, offset, strict=True):
            centre[item] = at - offset[-1] / 2
    for sweep in range(SWEEPS):
        order = range(len(rows)) if sweep % 2 == 0 else range(len(rows) - 1, -1, -1)
        for i in order:
            row, offset = rows[i], offsets[i]
            near = above if sweep % 2 == 0 else below
            wanted = [
                _mean(near[item] or above[item] + below[item], centre, centre[item]) - at
                for item, at in zip(row, offset, strict=True)
            ]
            for item, near_it, at in zip(row, _increasing(wanted), offset, strict=True):
                centre[item] = near_it + at
    start = min(centre[item] - widths[item] / 2 for item in centre)
    return [centre[item] - start for item in range(len(widths))]


def _increasing(values: list[float]) -> list[float]:
    """Return the increasing sequence nearest to `values` (least squares, pool adjacent ones)."""
    pools: list[tuple[float, int]] = []
    for value in values:
        total, count = value, 1
        while pools and pools[-1][0] / pools[-1][1] >= total / count:
            before = pools.pop()
            total, count = total + before[0], count + before[1]
        pools.append((total, count))
    return [total / count for total, count in pools for _ in range(count)]
