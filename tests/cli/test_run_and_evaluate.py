"""`run` and `evaluate`: one table, results saved, and what is refused before anything runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from nape_bench.cli.main import main
from nape_bench.evaluation import Evaluator, Result
from tests.evaluation.tiny import put_tiny

if TYPE_CHECKING:
    from pathlib import Path

IN_FAMILY = ["--protocol", "in-family/tiny"]


def failed(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert main(list(argv)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def test_run_prints_one_table(tiny: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "flops", "params", *IN_FAMILY]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("SRCC") == 1
    assert [line.split()[0] for line in out.splitlines() if line.startswith(("flops ", "params "))]
    assert "flops, params: Needs no training: run once" in out


def test_run_tells_subsets(own_home: object, capsys: pytest.CaptureFixture[str]) -> None:
    put_tiny("nape/cells", family="nb201", count=150)
    assert main(["run", "flops", "--protocol", "zero-shot/cells"]) == 0
    lines = capsys.readouterr().out.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("flops"))
    assert "all 150" in lines[at]
    assert "no-none" in lines[at + 1]


def test_run_saves_and_evaluate_scores_the_same(
    tiny: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["run", "flops", "params", *IN_FAMILY, "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["predictor"]["name"] for each in told] == ["flops", "params"]
    assert Result.load(out / "flops").to_dict() == told[0]
    assert Result.load(out / "params").to_dict() == told[1]
    argv = ["evaluate", str(out / "flops"), *IN_FAMILY, "--score", "--json"]
    assert main([*argv, "--out", str(tmp_path / "again")]) == 0
    again = json.loads(capsys.readouterr().out)[0]
    assert again["metrics"] == told[0]["metrics"]
    assert again["predictor"]["name"] == "flops"
    assert Result.load(tmp_path / "again").to_dict() == again


def test_run_of_one_saves_in_the_folder_itself(
    tiny: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["run", "flops", "flops", *IN_FAMILY, "--out", str(tmp_path / "out")]
    assert main(argv) == 0
    assert capsys.readouterr().err == f"saved {tmp_path / 'out'}\n"
    assert Result.load(tmp_path / "out").predictor.name == "flops"
    assert "holds a result" in failed(capsys, *argv)
    assert main([*argv, "--overwrite"]) == 0


def test_evaluate_a_file(tiny: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    task = Evaluator("in-family/tiny").task
    lines = [f"{i},{y!r}" for i, y in zip(task.test.ids, task.test.y.tolist(), strict=True)]
    file = tmp_path / "mine.csv"
    file.write_text("\n".join(["id,prediction", *reversed(lines)]))
    assert main(["evaluate", str(file), *IN_FAMILY]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("mine "))
    assert row.split()[1:4] == ["0", "[0,", "0]"]
    assert "1.000" in row
    file.write_text("\n".join(["id,prediction", *lines[1:]]))
    err = failed(capsys, "evaluate", str(file), *IN_FAMILY)
    assert f"1 of the {len(lines)} test ids of in-family/tiny have no prediction" in err
    assert task.test.ids[0] in err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["run", "flop", *IN_FAMILY], "did you mean flops"),
        (["run", "flops", "--protocol", "in-famly/tiny"], "did you mean in-family/tiny"),
        (["run", "flops", "--protocol", "in-family/tinny"], "did you mean nape/tiny"),
        (["run", "flops", *IN_FAMILY, "--set", "depth"], "NAME=VALUE expected"),
        (["run", "flops", *IN_FAMILY, "--set", "seed=2"], "seed is for --seeds to say"),
        (["run", "flops", *IN_FAMILY, "--set", "depth=2"], "unknown setting of predictor 'flops'"),
        (["evaluate", "none.csv", *IN_FAMILY], "none.csv: no such file"),
    ],
)
def test_what_is_wrong_is_said(
    tiny: object, argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert message in failed(capsys, *argv)


def test_what_is_in_the_way_is_found_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "params").write_text("mine")
    err = failed(capsys, "run", "flops", "params", *IN_FAMILY, "--out", str(tmp_path))
    assert "a file is in the way" in err


def test_run_records_and_baselines_goes_on(
    tiny: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "baselines"
    argv = ["run", "flops", "cost_ridge", "--record", str(root)]
    assert main([*argv, *IN_FAMILY]) == 0
    assert main([*argv, "--protocol", "few-shot/tiny-20"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in told] == [
        "flops in-family/tiny",
        "cost_ridge in-family/tiny",
        "flops few-shot/tiny-20",
        "cost_ridge few-shot/tiny-20",
    ]
    assert main(["baselines", "--root", str(root), "--run"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["baselines", "flops", "--root", str(root), "--run", "--again"]) == 0
    again = capsys.readouterr().out.splitlines()
    assert len(again) == 2
    assert all(line.endswith("the same predictions as before") for line in again)
    assert main(["baselines", "--root", str(root), "--protocol", "few-shot"]) == 0
    assert capsys.readouterr().out.count("recorded") == 2
    assert "cost_ridge" in (root / "README.md").read_text()
    assert "few-shot/tiny-20" in (root / "flops" / "README.md").read_text()


def test_another_recipe_needs_another_name(
    tiny: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["run", "gp", *IN_FAMILY, "--record", str(tmp_path)]
    assert main([*argv, "--seeds", "2"]) == 0
    capsys.readouterr()
    other = [*argv, "--set", "rows=30", "--seeds", "2"]
    assert "record this one with --as NAME" in failed(capsys, *other)
    assert main([*other, "--as", "small_gp"]) == 0
    assert capsys.readouterr().out.startswith("small_gp in-family/tiny: SRCC")
    assert "unknown protocol" in failed(
        capsys, "run", "gp", "--protocol", "nowhere/tiny", "--record", str(tmp_path / "x")
    )
    assert not (tmp_path / "x").exists()


MINE = '''
import numpy as np

class Mine:
    """FLOPs times a factor."""

    name = "mine"

    def __init__(self, factor=1.0):
        self.factor = factor

    def fit(self, graphs, y):
        self.mean = y.mean()

    def predict(self, graphs):
        return self.mean + self.factor * np.log10(graphs.flops())
'''


def test_a_predictor_of_ones_own_is_run_and_recorded(
    tiny: object,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_predictors.py").write_text(MINE)
    argv = ["run", "my_predictors:Mine", *IN_FAMILY]
    assert main([*argv, "--set", "factor=2.5"]) == 0
    assert "mine " in capsys.readouterr().out
    assert main([*argv, "--record"]) == 0
    assert capsys.readouterr().out.startswith("mine in-family/tiny: SRCC")
    assert "| in-family/tiny" in (tmp_path / "baselines" / "mine" / "README.md").read_text()
    assert main(["baselines"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].split()[-2:] == ["own", "code"]
    # Whoever reads a recipe, or runs all of them, runs no code that it names.
    (tmp_path / "my_predictors.py").unlink()
    monkeypatch.delitem(__import__("sys").modules, "my_predictors")
    assert main(["baselines", "--run", "--again"]) == 0
    assert capsys.readouterr().out == ""
    assert "no settings: Mine" not in failed(capsys, *argv)


def test_a_predictor_of_ones_own_that_is_none(
    tiny: object,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other_predictors.py").write_text(MINE)
    argv = [*IN_FAMILY, "--quiet"]
    missing = failed(capsys, "run", "no_such_module:Mine", *argv)
    assert "MODULE:NAME of your own Python expected" in missing
    assert "no attribute 'Yours'" in failed(capsys, "run", "other_predictors:Yours", *argv)
    wrong = failed(capsys, "run", "other_predictors:Mine", "--set", "width=2", *argv)
    assert "other_predictors:Mine with width=2" in wrong
    assert "is no predictor" in failed(capsys, "run", "json:JSONDecoder", *argv)


def test_predictions_are_drawn(
    tiny: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "drawn.svg"
    file.write_text("what was there")
    assert main(["run", "flops", *IN_FAMILY, "--scatter", str(file), "--out", f"{tmp_path}/o"]) == 0
    assert "in-family/tiny: flops" in file.read_text()
    argv = ["evaluate", f"{tmp_path}/o", *IN_FAMILY, "--score", "--name", "flops"]
    assert main([*argv, "--scatter", f"{tmp_path}/again.svg"]) == 0
    assert (tmp_path / "again.svg").read_text() == file.read_text()
    assert main(["run", "flops", "params", *IN_FAMILY, "--scatter", str(file)]) == 0
    assert (tmp_path / "drawn-flops.svg").read_text() == file.read_text()
    assert "in-family/tiny: params" in (tmp_path / "drawn-params.svg").read_text()
    capsys.readouterr()
    told = failed(capsys, "run", "flops", *IN_FAMILY, "--scatter", f"{tmp_path}/none/a.svg")
    assert "there is no folder" in told
