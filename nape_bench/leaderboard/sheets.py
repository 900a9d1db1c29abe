"""Sheets from datasets: what each protocol asks, taken from the evaluator itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.errors import DataError
from nape_bench.evaluation import Evaluator
from nape_bench.evaluation.protocols import protocol
from nape_bench.evaluation.protocols.at_hand import AtHand
from nape_bench.hashing import values_hash
from nape_bench.leaderboard.checking.sheet import (
    Facts,
    Sheet,
    list_sheets,
    read_sheet,
    sheet_path,
    write_sheet,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from nape_bench.evaluation.task import Task


def sheet_of(evaluator: Evaluator) -> Sheet:
    """Return the sheet of a protocol, with its labels."""
    task = evaluator.task
    ids = tuple(task.test.ids)
    facts = Facts(
        protocol=task.protocol.name,
        title=task.protocol.title,
        dataset=task.dataset.name,
        config=task.dataset.config,
        version=task.dataset.version,
        content_hash=task.dataset.content_hash,
        target=task.dataset.target,
        unit=task.dataset.unit,
        higher_is_better=task.dataset.higher_is_better,
        label_budget=task.label_budget,
        shots=task.protocol.shots,
        seeds=task.protocol.seeds,
        reachable=_reachable(task),
        labels_hash=values_hash(ids, task.test.y),
        about=evaluator.notes,
    )
    return Sheet(facts, ids, task.test.y, task.parts(facts.seeds), dict(task.subsets))


def write_sheets(root: Path, protocols: Iterable[str], *, progress: bool = False) -> list[str]:
    """Write the sheets of some protocols.

    True labels stand in those of datasets that come with the package; others may not be
    redistributed by us.

    Args:
        root: The folder of all sheets.
        protocols: Names of protocols whose labels are at hand.
        progress: Whether progress is shown on standard error.

    Returns:
        The names of those whose files changed.

    Raises:
        UnknownNameError: There is no such protocol, or its dataset is not at hand.
        ProtocolError: It cannot be opened.
    """
    from tqdm import tqdm

    changed = []
    for name in tqdm(list(protocols), desc="sheets", unit="protocol", disable=not progress):
        evaluator = Evaluator(name)
        path = sheet_path(root, name)
        before = path.read_bytes() if path.is_file() else b""
        write_sheet(root, sheet_of(evaluator), labels=evaluator.task.dataset.source == "package")
        if path.read_bytes() != before:
            changed.append(name)
    return changed


def labelled(root: Path) -> dict[str, Sheet]:
    """Return the sheets whose labels the folder lacks and that are at hand here, by protocol.

    Raises:
        DataError: The dataset is the sheet's, and its labels or ids are others: the sheet is
            wrong, or the code that made it has changed.
    """
    at_hand, made = AtHand(), {}
    for name in list_sheets(root):
        sheet = read_sheet(root, name)
        wanted = protocol(name)
        if sheet.y is not None or not at_hand.has(wanted):
            continue
        evaluator = Evaluator(wanted)
        if evaluator.task.dataset.content_hash != sheet.facts.content_hash:
            continue
        made[name] = sheet_of(evaluator)
        if made[name].facts.labels_hash != sheet.facts.labels_hash:
            raise DataError(
                f"{sheet_path(root, name)}: has other labels or ids than the protocol gives now; "
                "`nape-bench leaderboard sheets` writes it again"
            )
    return made


def _reachable(task: Task) -> float | None:
    from nape_bench.data import load_dataset

    told = task.dataset
    dataset = load_dataset(told.name, told.config, revision=told.version)
    return dataset.labels_info[told.target].reachable
