"""NAS-Bench-101's file: its records, their messages, and what becomes of them."""

from __future__ import annotations

import base64
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nape_bench import load_dataset
from nape_bench.cli.main import main
from nape_bench.data.importers import import_nasbench101
from nape_bench.data.importers.tfrecords import MOST_BYTES, crc32c, masked, read_tfrecords
from nape_bench.data.importers.wire import BYTES, DOUBLE, INTEGER, read_fields
from nape_bench.errors import DataError
from nape_bench.spaces import space
from tests.data import tfrecords
from tests.data.tfrecords import framed, metrics, row, write

NB101 = space("nb101")
FILE = "nasbench_only108.tfrecord"
CELLS = [NB101.parse(text) for text in ("i1m3o-1101.011.01.1", "i3o-10.1", "im1o-110.10.1")]
ROWS = [row(spec, place / 10 + seed / 100) for seed in range(3) for place, spec in enumerate(CELLS)]


def values(config: str, label: str) -> dict[str, float]:
    ds = load_dataset("nape/nb101", config)
    return {i: y for s in ds for i, y in zip(ds[s].ids, ds[s].labels[label].tolist(), strict=True)}


def test_checksums() -> None:
    assert crc32c([b"123456789"]).tolist() == [0xE3069283]
    # The first record of every event file that TensorFlow writes has 24 bytes.
    assert masked(crc32c([b"\x18" + bytes(7)]))[0].tobytes() == b"\xa3\x7f\x4b\x22"
    rng = np.random.default_rng(0)
    contents = [rng.bytes(int(n)) for n in (0, 1, 2, 63, 64, 65, 0, 300, 1025, 0)]
    assert crc32c(contents).tolist() == [tfrecords.crc32c(content) for content in contents]
    assert crc32c([]).tolist() == crc32c([b""])[:0].tolist() == []


def test_records_of_many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    contents = [bytes([n]) * (7 * n % 50) for n in range(60)]
    file = b"".join(map(framed, contents))
    for block in (1, 13, 1 << 18):
        monkeypatch.setattr("nape_bench.data.importers.tfrecords._BLOCK", block)
        found = list(read_tfrecords(io.BytesIO(file), "f"))
        assert [record.content for record in found] == contents
        assert [file[record.position] for record in found] == [len(each) for each in contents]


def test_whole_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fewer = [row(spec, 0.3, 4) for spec in CELLS[:2]]
    path = write(tmp_path / "nasbench_full.tfrecord", [*ROWS, *fewer])
    assert main(["import", "nasbench101", str(path)]) == 0
    out = capsys.readouterr().out
    assert "3 rows read, 3 architectures kept" in out
    assert "1 architectures have no test_accuracy_4\n" in out
    assert "test_accuracy_36" not in out
    ids = [f"nb101:{NB101.format(spec)}" for spec in CELLS]
    for seed in range(3):
        label = f"test_accuracy_108_seed{seed}"
        expected = {i: place / 10 + seed / 100 for place, i in enumerate(ids)}
        assert values("cifar10_epochs108", label) == expected
    ds = load_dataset("nape/nb101", "cifar10_epochs108")
    assert ds.target == "test_accuracy_108"
    assert "small files in this format" in ds.provenance["importer_tested_on"]
    assert "small files in this format" in (Path(ds.path) / "README.md").read_text()
    told = ds.labels_info
    assert (told[ds.target].seeds, told[ds.target].unit) == (3, "fraction")
    assert [name for name, each in told.items() if not each.higher_is_better] == [
        "training_seconds_108", "params",
    ]  # fmt: skip
    cell = ds.lookup(CELLS[1])
    assert cell.labels[ds.target] == pytest.approx(0.11)
    assert cell.labels["validation_accuracy_108"] == pytest.approx(0.12)
    assert cell.labels["train_accuracy_108"] == pytest.approx(0.13)
    assert cell.labels["training_seconds_108"] == pytest.approx(110)
    assert cell.labels["params"] == 300
    four = values("cifar10_epochs4", "test_accuracy_4")
    assert [four[i] for i in ids[:2]] == [0.3, 0.3]
    assert np.isnan(four[ids[2]])


def test_in_an_archive(tmp_path: Path) -> None:
    write(tmp_path / FILE, ROWS)
    with tarfile.open(tmp_path / "nb101.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / FILE, f"data/{FILE}")
    ((_, report),) = import_nasbench101(tmp_path / "nb101.tar.gz", progress=False)
    assert report.kept == 3


def test_two_files_are_too_many(tmp_path: Path) -> None:
    for name in (FILE, "nasbench_full.tfrecord"):
        write(tmp_path / name, ROWS)
    with pytest.raises(DataError, match="give the path of one"):
        import_nasbench101(tmp_path, progress=False)
    with pytest.raises(DataError, match="none of the files of this release"):
        import_nasbench101(write(tmp_path / "nb101.csv", ROWS), progress=False)


def changed(**changes: Any) -> list[Any]:
    return row(CELLS[0], 0.5, **changes)


def encoded(message: bytes) -> list[Any]:
    return changed(metrics=base64.b64encode(message).decode())


WRONG = {
    "no list": ({}, "hash, epochs, adjacency, operations and metrics expected"),
    "too short": (changed()[:4], "hash, epochs"),
    "a bool for epochs": (changed(epochs=True), "hash, epochs"),
    "epochs": (changed(epochs=24), "24 epochs, where one of 108, 36, 12, 4 expected"),
    "no square": (changed(adjacency="0" * 24), "a square of 0 and 1 of up to 7 rows"),
    "no matrix": (changed(adjacency=""), "a square of 0 and 1 of up to 7 rows"),
    "letters": (changed(adjacency="0" * 24 + "x"), "a square of 0 and 1 of up to 7 rows"),
    "too many": (changed(adjacency="0" * 64), "a square of 0 and 1 of up to 7 rows"),
    "no hash": (changed(cell="a" * 31), "32 hexadecimal digits expected"),
    "a cycle": (
        changed(adjacency="01" * 12 + "0", cell="a" * 32),
        "entries are 0 up to the diagonal",
    ),
    "operations": (changed(ops="input,conv3x3-bn-relu,output"), "operations .*: 5 expected"),
    "no base64": (changed(metrics="\ud800"), "metrics are no base64"),
    "no message": (encoded(b"\xff" * 20), "metrics: byte 0 of the message: an integer"),
    "cut off": (encoded(metrics(0.5)[:60]), "metrics: byte .* it is cut off"),
    "no metrics": (encoded(b""), "0 evaluations and None parameters"),
    "two evaluations": (encoded(metrics(0.5)[53:]), "2 evaluations and 300 parameters"),
    "above 1": (encoded(metrics(93.0)), "metrics: test_accuracy is 93.0"),
    "nan": (encoded(metrics(float("nan"))), "metrics: test_accuracy is nan"),
    "no parameters": (encoded(metrics(0.5, 0)), "metrics: params is 0"),
    "another cell": (changed(cell=ROWS[1][0]), r"stood in record 2 \(byte \d+\) already"),
    "a fourth training": (ROWS[0], "was trained 3 times before with 108 epochs"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_records_are_named(tmp_path: Path, own_home: Path, name: str) -> None:
    wrong, message = WRONG[name]
    path = write(tmp_path / FILE, [*ROWS, wrong])
    start = len(b"".join(framed(json.dumps(each).encode()) for each in ROWS))
    with pytest.raises(DataError, match=message) as caught:
        import_nasbench101(path, progress=False)
    assert f"{path}, record 10 (byte {start:,}): " in str(caught.value)
    assert list(own_home.iterdir()) == []
    ((_, report),) = import_nasbench101(path, skip_bad=True, progress=False)
    assert (report.kept, len(report.skipped)) == (3, 1)
    assert report.skipped[0].where == f"record 10 (byte {start:,})"


def test_a_record_may_be_no_json(tmp_path: Path) -> None:
    for content in (b"[1", b"\xff", b"[" * 9000, b""):
        (tmp_path / FILE).write_bytes(framed(content))
        with pytest.raises(DataError, match=r"record 1 \(byte 0\): it is no JSON"):
            import_nasbench101(tmp_path / FILE, progress=False)


def test_records_that_are_too_long(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(framed(b"[]") + framed(bytes(MOST_BYTES + 1)))
    with pytest.raises(DataError, match="byte 18: a record of 16,385 bytes, where at most 16,384"):
        list(read_tfrecords(io.BytesIO((tmp_path / FILE).read_bytes()), "f"))
    with pytest.raises(DataError, match="f, byte 0: the length of the record is not what"):
        list(read_tfrecords(io.BytesIO(b"\xff" * 40), "f"))


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_every_damage_is_noticed(data: Any) -> None:
    contents = [b"abc" * n for n in range(5)]
    whole = b"".join(map(framed, contents))
    file = bytearray(whole[: data.draw(st.integers(1, len(whole)))])
    for _ in range(data.draw(st.integers(0, 2))):
        file[data.draw(st.integers(0, len(file) - 1))] ^= data.draw(st.integers(0, 255))
    found, told = [], ""
    try:
        found += (record.content for record in read_tfrecords(io.BytesIO(file), "f"))
    except DataError as error:
        told = str(error)
    assert found == contents[: len(found)]
    assert told.startswith("f, byte ") or bytes(file) == b"".join(map(framed, found))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_record_is_read_or_named(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    path = tmp_path_factory.mktemp("any") / FILE
    value: Any = list(ROWS[0])
    kind = data.draw(st.sampled_from(["value", "part", "message"]))
    if kind == "value":
        value = data.draw(JSON)
    elif kind == "part":
        value[data.draw(st.integers(0, 4))] = data.draw(JSON)
    else:
        message = bytearray(metrics(0.5))
        for _ in range(data.draw(st.integers(1, 4))):
            message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
        value[4] = base64.b64encode(message[: data.draw(st.integers(0, 200))]).decode()
    write(path, [value])
    try:
        import_nasbench101(path, version=f"v{data.draw(st.integers(0, 10**9))}", progress=False)
    except DataError as error:
        assert str(path) in str(error) or "with other content" in str(error)  # noqa: PT017


@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=60))
def test_any_bytes_are_a_message_or_an_error(content: bytes) -> None:
    told = ""
    try:
        list(read_fields(content, {1: BYTES, 2: INTEGER, 3: DOUBLE}))
    except DataError as error:
        told = str(error)
    assert not told or told.startswith("byte ")


def test_messages_are_read_as_protobuf_reads_them() -> None:
    pytest.importorskip("google.protobuf")
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="n.proto", package="n", syntax="proto2")
    field = descriptor_pb2.FieldDescriptorProto
    kinds = [field.TYPE_BYTES, field.TYPE_INT32, field.TYPE_DOUBLE, field.TYPE_FIXED32]
    message = file.message_type.add(name="M")
    for number, kind in enumerate(kinds, start=1):
        message.field.add(name=f"f{number}", number=number, type=kind, label=3)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    made = message_factory.GetMessageClass(pool.FindMessageTypeByName("n.M"))()
    told = {1: [b"", b"x" * 300], 2: [0, 127, 128, -1, 2**31 - 1, -(2**31)], 3: [0.1, -1e300]}
    for number, given_values in {**told, 4: [7]}.items():
        getattr(made, f"f{number}").extend(given_values)
    found: dict[int, list[Any]] = {number: [] for number in told}
    for number, value in read_fields(made.SerializeToString(), {1: BYTES, 2: INTEGER, 3: DOUBLE}):
        found[number].append(value)
    assert found == told
