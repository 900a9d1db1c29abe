"""`import gennape` and `import aiop`: the commands hand over what was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nape_bench import load_dataset
from nape_bench.cli.main import main
from tests.data.caches import entry, sampled, write_cache

if TYPE_CHECKING:
    from pathlib import Path

CACHES = {
    "gennape": ("gpi_ofa_resnet_comp_graph_cache.pkl", "gennape_imagenet"),
    "aiop": ("gpi_ofa_resnet_sem_seg_coco_shared_comp_graph_cache.pkl", "aiop_sem_seg_shared"),
}


@pytest.mark.parametrize("release", CACHES)
def test_import_then_run(release: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, config = CACHES[release]
    entries = [entry("ofa_resnet", s, i) for i, s in enumerate(sampled("ofa_resnet", 12))]
    path = write_cache(tmp_path / name, entries)
    assert main(["import", release, str(path)]) == 0
    out, err = capsys.readouterr()
    assert "12 rows read, 12 architectures kept" in out
    assert "12 of 12 published graphs are those of their specifications" in out
    assert f"nape/ofa_resnet v1.0 ({config}) is in " in out
    assert err == ""
    assert load_dataset("nape/ofa_resnet", config).target == "accuracy"
    assert main(["run", "flops", "--protocol", f"zero-shot/ofa_resnet/{config}"]) == 0
    assert "12 test rows" in capsys.readouterr().out


def test_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, config = CACHES["gennape"]
    spec, other = sampled("ofa_resnet", 2)
    entries = [entry("ofa_resnet", spec, 0), entry("ofa_resnet", spec, 2), {"acc": 2},
               entry("ofa_resnet", other, 1)]  # fmt: skip
    path = write_cache(tmp_path / name, entries)
    argv = ["import", "gennape", str(path), "--version", "v2.0", "--quiet"]
    assert main(argv) == 2
    assert "entry 3 (byte " in capsys.readouterr().err
    assert main([*argv, "--skip-bad", "--on-duplicate", "mean"]) == 0
    out = capsys.readouterr().out
    assert "1 rows skipped, the first: entry 3 (byte " in out
    assert "nape/ofa_resnet v2.0" in out
    assert load_dataset("nape/ofa_resnet", config).version == "v2.0"
    assert main([*argv, "--version", "v3.0", "--skip-bad"]) == 0
    out = capsys.readouterr().out
    assert "2 rows skipped, the first: entry 2 (byte " in out
    assert "choose by on_duplicate (--on-duplicate), mean or first" in out
    assert main(["import", "aiop", str(path)]) == 2
    assert "has none of the files of this release" in capsys.readouterr().err
