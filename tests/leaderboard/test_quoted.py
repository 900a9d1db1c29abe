"""Quoted rows: the papers' numbers as they stand there, beside protocols that exist."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from nape_bench.errors import DataError
from nape_bench.evaluation import protocol_families
from nape_bench.evaluation.protocols import protocol
from nape_bench.leaderboard.quoted import BOUNDS, EVERY_DEVICE, Quoted, read_quoted
from nape_bench.metrics import METRICS

FOLDER = Path(__file__).resolve().parents[2] / "leaderboard" / "quoted"
ROWS = read_quoted(FOLDER)


def value(method: str, name: str, metric: str, of: str = "") -> tuple[float, float | None]:
    found = [
        (row.value, row.spread)
        for row in ROWS
        if (row.method, row.protocol, row.metric, row.of) == (method, name, metric, of)
    ]
    assert len(found) == 1, found
    return found[0]


def test_every_row_stands_beside_a_protocol_and_has_a_metric_of_ours() -> None:
    for row in ROWS:
        if row.protocol.endswith(EVERY_DEVICE):
            assert row.protocol.startswith("hw/")
        else:
            assert protocol(row.protocol).name == row.protocol
        low, high = BOUNDS[row.metric]
        assert low <= row.value <= high
        assert row.spread is None or 0 <= row.spread <= 1
        assert row.paper
        assert row.table
        assert row.differs.endswith(".")
    assert BOUNDS.keys() <= METRICS.keys()
    assert {row.protocol.partition("/")[0] for row in ROWS} <= set(protocol_families())


def test_whole_tables_are_there() -> None:
    counts = Counter((row.paper.partition(" ")[0], row.table, row.metric) for row in ROWS)
    assert counts["GENNAPE", "Table 1", "spearman"] == 8 * 5
    assert counts["GENNAPE", "Table 3", "mae"] == counts["GENNAPE", "Table 3", "spearman"] == 10
    assert counts["GENNAPE", "Table 4", "mae"] == 8 * 4
    assert counts["GENNAPE", "Table 5", "spearman"] == 8 * 4
    assert counts["GENNAPE", "Table 6", "ndcg@10"] == 8 * 4
    assert counts["AIO-P", "Table 3", "mae"] == counts["AIO-P", "Table 4", "spearman"] == 18 * 3
    assert counts["AIO-P", "Table 5", "spearman"] == 9 * 6 + 6
    assert counts["AIO-P", "Table 12", "spearman"] == 7 * 2
    assert counts["AIO-P", "Slide 12", "mae"] == counts["AIO-P", "Slide 12", "spearman"] == 6 * 3
    assert counts["NASFLAT", "NAS-Bench-201", "spearman"] == 6 * 3


@pytest.mark.parametrize(
    ("method", "name", "metric", "of", "expected"),
    [
        ("Synflow", "zero-shot/nb201_no_none/cifar10", "spearman", "", (0.823, None)),
        ("FLOPs", "gennape/ofa_resnet-zero-shot", "spearman", "", (0.785, None)),
        ("CL+FCM+T", "in-family/nb101", "mae", "", (0.59, 0.01)),
        ("k-GNN", "in-family/nb101", "spearman", "", (0.814, 0.020)),
        ("CL", "gennape/nb201-ft50", "mae", "", (2.81, None)),
        ("GENNAPE", "gennape/ofa_pn-zero-shot", "spearman", "", (0.8213, None)),
        ("GENNAPE", "gennape/hiaml-ft50", "spearman", "", (0.4169, 0.0479)),
        ("k-GNN", "gennape/ofa_mbv3-ft50", "ndcg@10", "", (0.8859, 0.0536)),
        ("GNN", "aiop/ofa_mbv3-detection-zero-shot", "mae", "", (59.56, None)),
        ("AIO-P", "aiop/ofa_resnet-panoptic_segmentation-ft20", "spearman", "", (0.788, None)),
        ("GNN, Eqs. 4 and 5", "aiop/ofa_pn-keypoints-ft20", "mae", "MPII", (0.34, None)),
        ("Snip", "aiop/ofa_resnet-keypoints-zero-shot", "spearman", "MPII", (0.849, None)),
        ("AIO-P, fine-tuned", "aiop/ofa_pn-semantic_segmentation-ft20", "mae", "", (0.33, 0.03)),
        ("AIO-P", "zoo/classification", "spearman", "MobileNets", (0.4, 0.535)),
        ("Multi-Predict", "hw/nb201-4-seen/*", "spearman", "", (0.947, None)),
        ("NASFLAT", "hw/fbnet-5-seen/*", "spearman", "", (0.734, None)),
        ("HELP, 10 samples", "hw/nb201-0-seen/*", "spearman", "", (0.932, None)),
    ],
)
def test_numbers_are_those_of_the_papers(
    method: str, name: str, metric: str, of: str, expected: tuple[float, float | None]
) -> None:
    assert value(method, name, metric, of) == expected


def test_what_does_not_reproduce_is_said() -> None:
    told = {row.protocol: row.differs for row in ROWS if row.method == "FLOPs"}
    for name in ("gennape/nb201-zero-shot", "zero-shot/nb201_no_none/cifar10"):
        assert "does not reproduce" in told[name]
    assert "does not reproduce" not in told["gennape/nb301-zero-shot"]


def good() -> dict[str, Any]:
    row = {"protocol": "in-family/nb101", "values": {"a": [0.5, 0.1], "b": 1}}
    table = {"table": "Table 1", "metric": "spearman", "differs": "Shared.", "rows": [row]}
    return {"paper": "P", "tables": [table]}


def write(tmp_path: Path, data: object) -> Path:
    file = tmp_path / "p.yaml"
    file.write_text(data if isinstance(data, str) else yaml.safe_dump(data), encoding="utf-8")
    return file


def test_rows_take_what_their_table_says(tmp_path: Path) -> None:
    data = good()
    data["tables"][0]["rows"].append(
        {"protocol": "hw/nb201-0/*", "of": "x", "differs": "Own.", "values": {"a": 0.0}}
    )
    first, second, third = read_quoted(write(tmp_path, data))
    assert first == Quoted(
        "a", "in-family/nb101", "spearman", 0.5, 0.1, "", "P", "Table 1", "Shared."
    )
    assert (second.method, second.value, second.spread) == ("b", 1.0, None)
    assert (third.of, third.differs) == ("x", "Shared. Own.")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d, t, r: d.update(extra=1), "has unknown extra"),
        (lambda d, t, r: t.pop("differs"), "table 0: lacks differs"),
        (lambda d, t, r: t.update(differs=" "), "differs is ' '"),
        (lambda d, t, r: t.update(metric="srcc"), "metric 'srcc'"),
        (lambda d, t, r: t.update(metric="regret@1"), "metric 'regret@1'"),
        (lambda d, t, r: t.update(rows=[]), "rows is \\[\\]"),
        (lambda d, t, r: t.update(rows=["x"]), "row 0: 'x'"),
        (lambda d, t, r: r.update(note="x"), "has unknown note; its keys are protocol, values, of"),
        (lambda d, t, r: r.update(protocol="in-famly/nb101"), "row 0: unknown protocol"),
        (lambda d, t, r: r.update(protocol="hw/nb201-9/*"), "row 0: unknown task"),
        (lambda d, t, r: r.update(protocol="gennape/*-ft50/*"), "row 0: "),
        (lambda d, t, r: r.update(values={}), "methods with numbers expected"),
        (lambda d, t, r: r.update(values={"a": 1.2}), "spearman is 1.2; -1 to 1 expected"),
        (lambda d, t, r: r.update(values={"a": float("nan")}), ".nan'; a number or"),
        (lambda d, t, r: r.update(values={"a": "0.5"}), "a number or"),
        (lambda d, t, r: r.update(values={"a": True}), "a number or"),
        (lambda d, t, r: r.update(values={"a": [0.1, 0.2, 0.3]}), "a number or"),
        (lambda d, t, r: r.update(values={"a": [0.1, -0.2]}), "a spread of -0.2"),
        (lambda d, t, r: r.update(values={7: 0.1}), "method is 7"),
        (lambda d, t, r: t["rows"].append(deepcopy(r)), "has spearman twice"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, change: Any, message: str) -> None:
    data = good()
    table = data["tables"][0]
    change(data, table, table["rows"][0])
    with pytest.raises(DataError, match=message):
        read_quoted(write(tmp_path, data))


def test_a_sentence_of_several_tables_has_a_name(tmp_path: Path) -> None:
    data = good()
    data["differs"] = {"both": "Both do."}
    data["tables"][0]["differs"] = "both"
    assert {row.differs for row in read_quoted(write(tmp_path, data))} == {"Both do."}
    for wrong in ({"other": "x."}, {"both": "no sentence"}, {"both": ""}, ["both"]):
        data["differs"] = wrong
        with pytest.raises(DataError, match="differs is"):
            read_quoted(write(tmp_path, data))


def test_what_is_no_such_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file"):
        read_quoted(tmp_path)
    with pytest.raises(DataError, match="not readable"):
        read_quoted(tmp_path / "none.yaml")
    for text in ("paper: [", "paper: !!python/object/apply:os.getcwd []", "paper: a\npaper: b"):
        with pytest.raises(DataError, match=r"line [12]: "):
            read_quoted(write(tmp_path, text))
