"""import_table: from a table of any kind to a dataset, or to a row that is named."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nape_bench.data import import_table, load_dataset
from nape_bench.data.importers.cells import label_value
from nape_bench.data.manifest import read_manifest
from nape_bench.errors import DataError, NapeError, UnknownNameError
from nape_bench.spaces import space
from tests.data import tables
from tests.data.tables import write

HIAML = space("hiaml")
SPECS = tables.specs(12)
ROWS = [{"arch": text, "acc": 90 + i / 8, "ms": 3.5 * i} for i, text in enumerate(SPECS)]


def run(path: Path, **changes: Any) -> tuple[Path, Any]:
    arguments: dict[str, Any] = {
        "space": "hiaml",
        "spec": ["arch"],
        "labels": {"accuracy": "acc"},
        "name": "me/table",
        "progress": False,
    }
    (folder,), report = import_table(path, **{**arguments, **changes})
    return folder, report


def labels_by_id(config: str | None = None, label: str | None = None) -> dict[str, float]:
    ds = load_dataset("me/table", config)
    label = label or ds.target
    return {i: y for s in ds for i, y in zip(ds[s].ids, ds[s].labels[label].tolist(), strict=True)}


EXPECTED = {f"hiaml:{row['arch']}": row["acc"] for row in ROWS}


@pytest.mark.parametrize("ending", ["csv", "jsonl", "json", "parquet"])
def test_every_kind_of_file_gives_the_same_dataset(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"t.{ending}", ROWS)
    folder, report = run(path, labels={"accuracy": "acc", "latency": "ms"})
    assert labels_by_id() == EXPECTED
    assert labels_by_id(label="latency")[f"hiaml:{SPECS[2]}"] == 7.0
    ds = load_dataset("me/table")
    assert Path(ds.path) == folder
    assert (ds.config, ds.target, ds.version) == ("accuracy", "accuracy", "v1.0")
    assert (report.read, report.kept, report.skipped) == (12, 12, [])
    assert report.splits == {split: len(ds[split]) for split in ds}
    assert ds.content_hash == CONTENT


CONTENT = "11f0fcecdcc3dc834e50304600c5b6295aac7f39c5a38ea4f05a4558e02d0048"
"""A pin: the same table must give the same dataset in every version of this package."""


@pytest.mark.parametrize("batch", [1, 5, 12])
def test_how_many_wait_at_once_makes_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr("nape_bench.data.importers.gathering.BATCH", batch)
    run(write(tmp_path / "t.csv", ROWS), labels={"accuracy": "acc", "latency": "ms"})
    assert load_dataset("me/table").content_hash == CONTENT


def test_a_full_disk_is_named(
    tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nape_bench.data.importers.gathering.Spool.add", full)
    with pytest.raises(DataError, match=r"cannot wait on disk below .*: .*No space left"):
        run(write(tmp_path / "t.csv", ROWS))
    assert list(own_home.iterdir()) == []


def test_rows_keep_the_order_of_the_file(tmp_path: Path) -> None:
    run(write(tmp_path / "t.csv", ROWS[::-1]))
    for split in (ds := load_dataset("me/table")):
        places = [SPECS.index(i.removeprefix("hiaml:")) for i in ds[split].ids]
        assert places == sorted(places, reverse=True)


def test_importing_twice_gives_the_same_bytes(tmp_path: Path, monkeypatch: Any) -> None:
    path = write(tmp_path / "t.csv", ROWS)
    folders = []
    for home in ("a", "b"):
        monkeypatch.setenv("NAPE_BENCH_HOME", str(tmp_path / home))
        folders.append(run(path)[0])
    files = [p.relative_to(folders[0]) for p in folders[0].rglob("*") if p.is_file()]
    assert len(files) == 5
    assert all((folders[0] / f).read_bytes() == (folders[1] / f).read_bytes() for f in files)


def test_what_the_dataset_says_of_itself(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", ROWS)
    folder, _ = run(
        path, labels={"latency": "ms"}, config="phone", version="v2.0", units={"latency": "ms"},
        lower_is_better=["latency"],
    )  # fmt: skip
    ds = load_dataset("me/table")
    assert (ds.config, ds.version) == ("phone", "v2.0")
    told = ds.labels_info["latency"]
    assert (told.unit, told.higher_is_better) == ("ms", False)
    assert told.meaning == "column ms of t.csv"
    assert ds.provenance["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert ds.provenance["command"] == (
        "nape-bench import table t.csv --space hiaml --spec arch --label latency=ms "
        "--name me/table --config phone --version v2.0 --unit latency=ms --lower-is-better latency"
    )
    assert ds.provenance["command"] in (folder / "README.md").read_text()
    assert "licence" not in ds.provenance
    assert ds.info.licence == "unknown"


def test_a_published_dataset_is_described_by_the_registry(tmp_path: Path) -> None:
    cells = [
        space("nb201").format(space("nb201").sample(np.random.default_rng(i))) for i in range(3)
    ]
    rows = [{"arch": cell, "acc": i} for i, cell in enumerate(dict.fromkeys(cells))]
    path = write(tmp_path / "t.csv", rows)
    run(path, space="nb201", name="nape/nb201")
    assert load_dataset("nape/nb201").info.title == "NAS-Bench-201"
    with pytest.raises(DataError, match="nape/nb201 is of space nb201, not hiaml"):
        run(write(tmp_path / "h.csv", ROWS), name="nape/nb201")


def test_several_columns_make_a_specification(tmp_path: Path) -> None:
    nb101 = space("nb101")
    drawn = (nb101.sample(np.random.default_rng(i)) for i in range(6))
    specs = list({nb101.format(spec): spec for spec in drawn}.values())
    rows = [
        {"adjacency": str(spec["matrix"]), "ops": json.dumps(spec["ops"]), "acc": i}
        for i, spec in enumerate(specs)
    ]
    expected = {f"nb101:{nb101.format(spec)}" for spec in specs}
    for name, spec in (("me/a", ["matrix=adjacency", "ops"]), ("me/b", ["adjacency", "ops"])):
        run(write(tmp_path / "t.csv", rows), space="nb101", spec=spec, name=name)
        ds = load_dataset(name)
        assert {i for split in ds for i in ds[split].ids} == expected


def test_constants_are_added_to_dictionaries(tmp_path: Path) -> None:
    ofa = space("ofa_mbv3")
    spec = {"ks": [3] * 20, "e": [4] * 20, "d": [2] * 5, "r": [192]}
    ids = []
    for number, width in enumerate((1.0, 1.2)):
        path = write(tmp_path / "t.csv", [{"net": str(spec), "acc": 75.0}])
        name = f"me/w{number}"
        run(path, space="ofa_mbv3", spec=["net"], spec_fields={"width": width}, name=name)
        ds = load_dataset(name)
        ids += [i for split in ds for i in ds[split].ids]
        assert ds.lookup({**spec, "width": width}).id == ids[-1]
    assert ids[0] != ids[1]
    assert ids[0] == f"ofa_mbv3:{ofa.format(ofa.normalise({**spec, 'width': 1.0}))}"
    with pytest.raises(DataError, match="line 2: width can be added to a dictionary only"):
        run(write(tmp_path / "t.csv", ROWS), spec_fields={"width": 1.0})


BAD = [
    ({"arch": "z-z-z-q"}, "unknown block 'q'"),
    ({"arch": ""}, "column arch is empty|block names expected"),
    ({"acc": "high"}, "column acc: 'high' is no number"),
    ({"acc": "inf"}, "column acc: 'inf' is no finite number"),
    ({"arch": SPECS[0]}, f"hiaml:{SPECS[0]} stood in line 2 already, with accuracy 90 where"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_a_bad_row_stops_the_import_and_is_named(
    tmp_path: Path, own_home: Path, change: dict[str, Any], message: str
) -> None:
    rows = [*ROWS[:5], {**ROWS[5], **change}, *ROWS[6:]]
    path = write(tmp_path / "t.csv", rows)
    with pytest.raises(DataError, match=message) as caught:
        run(path)
    assert str(caught.value).startswith(f"{path}, line 7: ")
    assert "--skip-bad" in str(caught.value)
    assert list(own_home.iterdir()) == []


@pytest.mark.parametrize(
    ("ending", "where"),
    [("csv", "line 7"), ("parquet", "row 6"), ("json", "row 6"), ("jsonl", "line 6")],
)
def test_how_rows_are_numbered(tmp_path: Path, ending: str, where: str) -> None:
    rows = [*ROWS[:5], {**ROWS[5], "arch": "z"}, *ROWS[6:]]
    with pytest.raises(DataError, match=f"{where}: hiaml: 4 block names"):
        run(write(tmp_path / f"t.{ending}", rows))


def test_bad_rows_can_be_skipped_and_are_reported(tmp_path: Path) -> None:
    rows = [dict(row) for row in ROWS]
    rows[1]["arch"], rows[4]["acc"] = "z-z-z-q", "high"
    folder, report = run(write(tmp_path / "t.csv", rows), skip_bad=True)
    assert labels_by_id() == {i: y for n, (i, y) in enumerate(EXPECTED.items()) if n not in {1, 4}}
    assert [row.where for row in report.skipped] == ["line 3", "line 6"]
    on_disk = json.loads((folder / "import_report.json").read_text())
    assert on_disk["skipped"][1] == {
        "where": "line 6",
        "reason": "column acc: 'high' is no number",
    }
    assert "2 rows skipped, the first: line 3: hiaml: unknown block 'q'" in report.summary()
    assert load_dataset("me/table").provenance["rows_skipped"] == 2


def test_a_file_of_bad_rows_alone(tmp_path: Path, own_home: Path) -> None:
    rows = [{**row, "arch": "?"} for row in ROWS]
    with pytest.raises(DataError, match="none of its rows can be read"):
        run(write(tmp_path / "t.csv", rows), skip_bad=True)
    assert list(own_home.iterdir()) == []


def test_missing_labels(tmp_path: Path) -> None:
    texts = ["", "nan", "NaN", "None", "n/a", " ", "-1", "91.5"]
    rows = [{**row, "acc": text} for row, text in zip(ROWS, texts, strict=False)]
    _, report = run(write(tmp_path / "t.csv", rows), missing=["-1"])
    values = list(labels_by_id().values())
    assert sorted(v for v in values if v == v) == [91.5]
    assert report.missing == {"accuracy": 7}
    assert "7 architectures have no accuracy" in report.summary()
    with pytest.raises(DataError, match=r"column acc .label accuracy. holds no number"):
        run(write(tmp_path / "t.csv", rows[:6]), name="me/other")


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (1, 1.0),
        (" 2.5 ", 2.5),
        ("1e-3", 1e-3),
        (np.float32(0.5), 0.5),
        (None, np.nan),
        ("NA", np.nan),
    ],
)
def test_label_values(cell: Any, value: float) -> None:
    assert np.array_equal(label_value("c", {"c": cell}), value, equal_nan=True)


@pytest.mark.parametrize("cell", [True, "1,5", [1], "-inf", float("inf"), "9" * 400])
def test_what_is_no_label(cell: Any) -> None:
    with pytest.raises(DataError, match=r"column c: .* is no (finite )?number"):
        label_value("c", {"c": cell})


def test_rows_that_say_the_same_twice_are_one(tmp_path: Path) -> None:
    rows = [*ROWS, {**ROWS[3], "arch": ROWS[3]["arch"].replace("-", ",")}]
    _, report = run(write(tmp_path / "t.csv", rows))
    assert labels_by_id() == EXPECTED
    assert (report.read, report.kept, report.repeated_same) == (13, 12, 1)
    assert "1 rows repeated an architecture, 0 of them with other labels" in report.summary()


@pytest.mark.parametrize(
    ("policy", "accuracy", "latency"), [("first", 90.0, np.nan), ("mean", 91.0, 6.0)]
)
def test_rows_that_differ(tmp_path: Path, policy: str, accuracy: float, latency: float) -> None:
    rows = [
        {"arch": SPECS[0], "acc": 90.0, "ms": ""},
        {"arch": SPECS[1], "acc": 80.0, "ms": 1.0},
        {"arch": SPECS[0], "acc": 93.0, "ms": 5.0},
        {"arch": SPECS[0], "acc": 90.0, "ms": 7.0},
    ]
    path = write(tmp_path / "t.csv", rows)
    labels = {"accuracy": "acc", "latency": "ms"}
    _, report = run(path, labels=labels, on_duplicate=policy)
    first = f"hiaml:{SPECS[0]}"
    assert labels_by_id()[first] == accuracy
    assert np.array_equal(labels_by_id(label="latency")[first], latency, equal_nan=True)
    assert labels_by_id()[f"hiaml:{SPECS[1]}"] == 80.0
    assert (report.kept, report.repeated_differing) == (2, 2)
    assert f"--on-duplicate {policy}" in load_dataset("me/table").provenance["command"]
    with pytest.raises(DataError, match=r"line 4: .* stood in line 2 already"):
        run(path, labels=labels, name="me/other")


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"space": "hiamll"}, UnknownNameError, "did you mean hiaml"),
        ({"spec": ["arc"]}, UnknownNameError, "column of t.csv 'arc': did you mean arch"),
        ({"labels": {"a": "accc"}}, UnknownNameError, "'accc': did you mean acc"),
        ({"labels": {}}, DataError, "no label was named"),
        ({"spec": []}, DataError, "no specification column"),
        ({"spec": ["a=arch", "a=acc"]}, DataError, "one stands there twice"),
        ({"name": "table"}, DataError, "owner/name expected"),
        ({"labels": {"a/b": "acc"}}, DataError, "config name 'a/b'"),
        ({"labels": {"node_op": "acc"}}, DataError, "is taken"),
        ({"version": "1"}, DataError, "as in v1.0"),
        ({"units": {"acuracy": "%"}}, UnknownNameError, "label in units 'acuracy'.*accuracy"),
        ({"lower_is_better": ["x"]}, UnknownNameError, "label in lower_is_better 'x'"),
        ({"on_duplicate": "last"}, DataError, "one of error, mean, first"),
    ],
)
def test_arguments_are_checked(
    tmp_path: Path, own_home: Path, changes: dict[str, Any], error: type[NapeError], message: str
) -> None:
    with pytest.raises(error, match=message):
        run(write(tmp_path / "t.csv", ROWS), **changes)
    assert list(own_home.iterdir()) == []


def test_importing_again(tmp_path: Path) -> None:
    folder, _ = run(write(tmp_path / "t.csv", ROWS))
    assert run(write(tmp_path / "t.csv", ROWS))[0] == folder
    with pytest.raises(DataError, match=r"is in .* with other content"):
        run(write(tmp_path / "t.csv", ROWS[1:]))
    other, _ = run(write(tmp_path / "t.csv", ROWS[1:]), version="v1.1")
    assert load_dataset("me/table").path == str(other)


def test_progress_goes_to_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(write(tmp_path / "t.csv", ROWS), progress=True)
    shown = capsys.readouterr()
    assert (shown.out, "import t.csv" in shown.err) == ("", True)


def test_a_published_config_is_not_imported_into(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", ROWS)
    with pytest.raises(DataError, match="config micro of nape/hiaml is published"):
        run(path, name="nape/hiaml", config="micro", version="v2.0")
    assert load_dataset("nape/hiaml").source == "package"


def test_a_key_that_json_has_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text(f'{{"{SPECS[0]}": {{"acc": 1}}, "{SPECS[0]}": {{"acc": 2}}}}')
    with pytest.raises(DataError, match="occurs more than once"):
        run(path, spec=["key"])


def test_underscores_are_no_digits(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", [{**ROWS[0], "acc": "9_3"}, *ROWS[1:]])
    with pytest.raises(DataError, match="column acc: '9_3' is no number"):
        run(path)


def test_each_label_may_be_a_config_of_its_own(tmp_path: Path) -> None:
    rows = [{**row, "acc_1": row["acc"] + 1, "acc_2": row["acc"] - 1} for row in ROWS]
    labels = {"accuracy": "acc", "accuracy_seed0": "acc_1", "accuracy_seed1": "acc_2", "ms": "ms"}
    path = write(tmp_path / "t.csv", rows)
    folders, report = import_table(
        path, space="hiaml", spec=["arch"], labels=labels, name="me/each", each=True,
        progress=False,
    )  # fmt: skip
    assert report.kept == len(ROWS)
    assert [list(read_manifest(folder).configs) for folder in folders] == [["accuracy"], ["ms"]]
    accuracy, ms = (load_dataset("me/each", config) for config in ("accuracy", "ms"))
    assert list(accuracy.labels_info) == ["accuracy", "accuracy_seed0", "accuracy_seed1"]
    assert list(ms.labels_info) == [ms.target] == ["ms"]
    assert {s: accuracy[s].ids for s in accuracy} == {s: ms[s].ids for s in ms}
    with pytest.raises(DataError, match="config of its own"):
        import_table(
            path, space="hiaml", spec=["arch"], labels=labels, name="me/each", each=True,
            config="all", progress=False,
        )  # fmt: skip
