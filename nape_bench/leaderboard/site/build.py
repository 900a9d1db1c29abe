"""Writes the site of a board: the same board gives the same bytes."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from nape_bench.atomic import new_file, new_folder
from nape_bench.errors import DataError
from nape_bench.leaderboard.site import addresses, views
from nape_bench.leaderboard.site.datasets import shown_datasets
from nape_bench.leaderboard.site.environment import ASSETS, page
from nape_bench.leaderboard.site.quotes import sources
from nape_bench.leaderboard.site.words import title_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from nape_bench.leaderboard.board import Board
    from nape_bench.leaderboard.quoted import Quoted

MARK = "assets/board.js"
"""What a folder has that holds a site."""


def write_site(board: Board, quoted: Sequence[Quoted], folder: Path) -> None:
    """Write the site of a board; what an earlier one had and this has not is removed.

    Args:
        board: The board.
        quoted: What papers report, which stands apart.
        folder: Where to; new, empty or a site.

    Raises:
        DataError: The folder holds something else.
    """
    files = pages(board, quoted)
    if not folder.exists():
        with new_folder(folder) as new:
            for path, content in files.items():
                (new / path).parent.mkdir(parents=True, exist_ok=True)
                (new / path).write_bytes(content)
        return
    present = read_site(folder) if any(folder.iterdir()) else {}
    for path in present.keys() - files.keys():
        (folder / path).unlink()
    for path, content in files.items():
        if present.get(path) != content:
            with new_file(folder / path) as file:
                file.write_bytes(content)


def read_site(folder: Path) -> dict[str, bytes]:
    """Return the files of a site that was written, by path.

    Raises:
        DataError: The folder holds no site.
    """
    if not (folder / MARK).is_file():
        raise DataError(
            f"{folder}: no site of a leaderboard; `nape-bench leaderboard build` writes one"
        )
    # What is hidden is no part of it: a file that was being written, or the system's own.
    found = (p for p in sorted(folder.rglob("*")) if p.is_file() and not p.name.startswith("."))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def pages(board: Board, quoted: Sequence[Quoted]) -> dict[str, bytes]:
    """Return all files of the site, by path.

    Args:
        board: The board.
        quoted: What papers report.
    """
    made: dict[str, bytes] = {}
    shared = {"board": board, "names": {each: title_of(board, each) for each in board.submissions}}

    def add(template: str, path: str, **told: Any) -> None:
        addresses.add_page(made, path, page(template, path, **shared, **told))

    tracks = {name: track for track in board.tracks.values() for name in track.protocols}
    datasets = shown_datasets(board.rankings)
    add("index.html", addresses.INDEX, kinds=views.kinds(board), has_quoted=bool(quoted))
    add("about.html", addresses.ABOUT)
    add("quoted.html", addresses.QUOTED, sources=sources(quoted))
    for track in board.tracks.values():
        own = [each for each in quoted if each.protocol in track.protocols]
        add("track.html", addresses.track_page(track.name), track=track,
            costs=views.track_costs(board, track), columns=views.columns(track, board),
            sources=sources(own))  # fmt: skip
    add("protocols.html", addresses.PROTOCOLS, tracks=tracks)
    for name, ranking in board.rankings.items():
        add("protocol.html", addresses.protocol_page(name), ranking=ranking, track=tracks[name],
            costs=views.protocol_costs(board, ranking),
            sources=sources(each for each in quoted if each.protocol == name))  # fmt: skip
    add("submissions.html", addresses.SUBMISSIONS)
    for name, shown in board.submissions.items():
        add("submission.html", addresses.submission_page(name), shown=shown,
            on_tracks=views.tracks_of(board, name))  # fmt: skip
    add("datasets.html", addresses.DATASETS, datasets=datasets)
    for dataset in datasets:
        add("dataset.html", addresses.dataset_page(dataset.name), dataset=dataset)
        if dataset.graph is not None:
            graph = dataset.graph[1].encode()
            addresses.add_page(made, addresses.graph_file(dataset.name), graph)
    addresses.add_page(made, addresses.SCORES, _scores(board).encode())
    for asset in sorted(ASSETS.iterdir()):
        addresses.add_page(made, f"assets/{asset.name}", asset.read_bytes())
    return dict(sorted(made.items()))


def _scores(board: Board) -> str:
    """Return all scores as CSV, a row a submission, protocol and metric."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["protocol", "submission", "metric", "value", "low", "high", "rank", "labels", "seconds"]
    )
    for protocol, ranking in sorted(board.rankings.items()):
        for place in ranking.places:
            for metric, told in place.score.metrics.items():
                values = [told.value, told.low, told.high, place.rank, place.labels, place.seconds]
                writer.writerow([protocol, place.submission, metric, *values])
    return text.getvalue()
