"""import_aiop: the task caches of AIO-P's release, from small files in its format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from nape_bench.data import load_dataset
from nape_bench.data.importers import import_aiop
from nape_bench.data.registry import dataset_specs
from nape_bench.errors import DataError
from tests.data.caches import (
    entry,
    sampled,
    write_cache,
)
from tests.data.test_import_gennape import AIOP, labels

if TYPE_CHECKING:
    from pathlib import Path


def aiop_entries(count: int = 3, **metrics: Any) -> list[dict[str, Any]]:
    found = []
    for i, spec in enumerate(sampled("ofa_pn", count)):
        each = entry("ofa_pn", spec, i, acc=0.25 + i / 64, flops=4.5)
        each["params"] = each.pop("n_params")
        each["metric_map"] = metrics or {"obj_det_AP": 25 + 100 * i / 64, "obj_det_AP50": 40.5}
        found.append(each)
    return found


def test_aiop(tmp_path: Path) -> None:
    path = write_cache(tmp_path / AIOP, aiop_entries())
    ((_, report),) = import_aiop(path, progress=False)
    assert (report.kept, report.graphs_same) == (3, 3)
    ds = load_dataset("nape/ofa_pn", "aiop_obj_det_ind")
    assert list(ds.labels_info) == ["accuracy", "obj_det_AP", "obj_det_AP50", "flops", "params"]
    assert [info.unit for info in ds.labels_info.values()] == ["fraction", "%", "%", "GFLOPs", ""]
    assert sorted(labels(ds.name, ds.config).values()) == [0.25, 0.25 + 1 / 64, 0.25 + 2 / 64]
    assert max(labels(ds.name, ds.config, "obj_det_AP").values()) == 25 + 200 / 64
    assert "object detection" in ds.provenance["task"]
    assert "trained on its own" in ds.provenance["task"]


def test_every_task_of_aiop(tmp_path: Path) -> None:
    from nape_bench.data.importers import aiop

    for family, families in aiop.FAMILIES.items():
        for (metric, data), (task, _) in aiop.TASKS.items():
            for way in aiop.WAYS:
                name = f"gpi_ofa_{family}_{metric}_{data}_{way}_comp_graph_cache.pkl"
                layout = aiop.layout(name)
                assert layout is not None
                assert layout.config == f"aiop_{task}_{way}"
                assert f"nape/{layout.family_of('any')}" in dataset_specs()
                assert list(layout.families.values()) == list(families.values())
    for name in ("gpi_ofa_pn_obj_det_mpii_ind_comp_graph_cache.pkl", "x" + AIOP, AIOP + "x"):
        assert aiop.layout(name) is None


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        ({"a/b": 1.0}, "label name 'a/b'"),
        ({"node_op": 1.0}, "is taken"),
        ({"AP": 100.5}, "AP is 100.5, where a number of 0 to 100"),
        ({"AP": "high"}, "AP is 'high'"),
    ],
)
def test_metrics_of_aiop_are_checked(tmp_path: Path, metrics: Any, message: str) -> None:
    with pytest.raises(DataError, match=rf"entry 1 .*{message}"):
        import_aiop(write_cache(tmp_path / AIOP, aiop_entries(1, **metrics)), progress=False)


def test_other_metrics_than_before(tmp_path: Path) -> None:
    entries = aiop_entries()
    entries[1]["metric_map"] = {"AP": 4.0}
    with pytest.raises(DataError, match=r"entry 2 .* it has the labels accuracy, AP, flops"):
        import_aiop(write_cache(tmp_path / AIOP, entries), progress=False)
