"""Where published files lie: folders, and archives, hostile ones too."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import stat
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from nape_bench.data import load_dataset
from nape_bench.data.importers import import_gennape, sources
from nape_bench.data.importers.sources import find_sources
from nape_bench.data.importers.torch_file import read_torch
from nape_bench.errors import DataError
from tests.data.caches import dumps, entry, json_record, sampled, write_json

NAME = "gpi_nb101_comp_graph_cache.pkl"
CONTENT = dumps([entry("nb101", spec, i) for i, spec in enumerate(sampled("nb101", 2))])


def zipped(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes], method: int = 8) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def tarred(path: Path, *members: tuple[str, bytes], **fields: Any) -> Path:
    mode = {".gz": "w:gz", ".tgz": "w:gz", ".xz": "w:xz", ".bz2": "w:bz2"}.get(path.suffix, "w")
    with tarfile.open(path, mode) as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            for key, value in fields.items():
                setattr(member, key, value)
            archive.addfile(member, io.BytesIO(content))
    return path


def read(path: Path) -> dict[str, bytes]:
    found = {}
    for source in find_sources(path, lambda name: name.endswith(".pkl")):
        with source.open() as file:
            found[source.name] = file.read()
        with source.open() as file:
            assert file.read(3) == found[source.name][:3]
    return found


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz", "tgz", "tar.bz2", "tar.xz"])
def test_archives(tmp_path: Path, ending: str) -> None:
    make = zipped if ending == "zip" else tarred
    path = make(tmp_path / f"a.{ending}", ("GENNAPE/cache/" + NAME, CONTENT), ("README", b"text"))
    assert read(path) == {NAME: CONTENT}
    ((folder, report),) = import_gennape(path, progress=False)
    assert (report.kept, report.graphs_same) == (2, 2)
    told = load_dataset("nape/nb101", "gennape_cifar10").provenance
    assert told["file"] == NAME
    assert str(tmp_path) not in (folder / "README.md").read_text()


def test_a_file_and_a_folder(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / NAME).write_bytes(CONTENT)
    (tmp_path / "other.txt").write_bytes(b"no")
    assert read(tmp_path) == read(tmp_path / "deep" / "er" / NAME) == {NAME: CONTENT}
    (tmp_path / NAME).write_bytes(CONTENT)
    with pytest.raises(DataError, match=f"has several files {NAME}: give the path of one"):
        read(tmp_path)


@pytest.mark.parametrize(
    "name", ["../x.pkl", "a/../../x.pkl", "/x.pkl", "a\\x.pkl", "C:x.pkl", ".."]
)
def test_members_that_lead_out(tmp_path: Path, name: str) -> None:
    for path in (zipped(tmp_path / "a.zip", (name, CONTENT), ("y.pkl", CONTENT)),
                 tarred(tmp_path / "a.tar", (name, CONTENT))):  # fmt: skip
        with pytest.raises(DataError, match="which leads out of the archive"):
            read(path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.tar", "a.zip"]


def test_a_zip_bomb(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", (NAME, b"\0" * (50 << 20)))
    with pytest.raises(DataError, match=r"has 52,428,800 bytes, [0-9,]+ packed: more than"):
        read(path)
    bomb = tarred(tmp_path / "a.tar.gz", (NAME, b"\0" * (50 << 20)))
    with pytest.raises(DataError, match=r"has 52,428,800 bytes, [0-9,]+ packed: more than"):
        read(bomb)


def test_a_zip_whose_sizes_are_not_true(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", (NAME, CONTENT))
    whole = bytearray(path.read_bytes())
    place = whole.index(b"PK\x01\x02") + 24  # uncompressed size in the directory
    whole[place : place + 4] = (100).to_bytes(4, "little")
    path.write_bytes(whole)
    with pytest.raises(DataError, match="cannot be read: Bad CRC-32"):
        read(path)


def test_a_tar_that_says_it_is_huge(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    member = tarfile.TarInfo(NAME)
    member.size = 1 << 40
    path.write_bytes(member.tobuf() + CONTENT)
    with pytest.raises(DataError, match=r"has 1,099,511,627,776 bytes"):
        read(path)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_a_tar(tmp_path: Path, kind: bytes) -> None:
    path = tarred(tmp_path / "a.tar", (NAME, b""), type=kind, linkname="/etc/passwd")
    with pytest.raises(DataError, match="is a link or a device"):
        read(path)


def test_links_and_secrets_in_a_zip(tmp_path: Path) -> None:
    link = zipfile.ZipInfo(NAME)
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(DataError, match="is a link: only files are read"):
        read(zipped(tmp_path / "a.zip", (link, b"/etc/passwd")))
    path = zipped(tmp_path / "b.zip", (NAME, CONTENT))
    whole = bytearray(path.read_bytes())
    whole[whole.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(whole)
    with pytest.raises(DataError, match="is encrypted: unpack it first"):
        read(path)


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MOST_MEMBERS", 3)
    members = [(f"{i}.pkl", b"") for i in range(4)]
    for path in (zipped(tmp_path / "a.zip", *members), tarred(tmp_path / "a.tar", *members)):
        with pytest.raises(DataError, match="has more than 3 members"):
            read(path)


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz"])
def test_archives_that_are_damaged(tmp_path: Path, own_home: Path, ending: str) -> None:
    make = zipped if ending == "zip" else tarred
    path = make(tmp_path / f"a.{ending}", (NAME, CONTENT))
    whole = path.read_bytes()
    for share in (0.3, 0.7, 0.95):
        end = int(share * len(whole))
        for content in (whole[:end], whole[:end] + b"\xff" * 40 + whole[end + 40 :]):
            path.write_bytes(content)
            if content != whole and (ending != "tar" or share < 0.7):
                with pytest.raises(DataError, match=r"a\." + ending):
                    import_gennape(path, progress=False)
    assert list(own_home.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:-1], r"'\}' expected|',' expected"),
        (lambda text: text[: len(text) // 2], "no JSON value"),
        (lambda text: text + "{}", "more follows where the object ends"),
        (lambda text: "[" + text + "]", r"'\{' expected, not '\['"),
        (lambda text: "", r"'\{' expected, not 'the end of the file'"),
        (lambda text: text.replace("91.25", "NaN", 1), "NaN is no number"),
        (
            lambda text: text.replace("91.25", "1e999"),
            "max_perf is inf, where a number of 0 to 100",
        ),
        (lambda text: text.replace('"max_perf"', '"perfs"', 1), "'perfs' occurs more than once"),
        (lambda text: text.replace("#1", "#0"), "a text that is no earlier key expected"),
        (lambda text: text.replace("[90.25, 91.25]", "[" * 100_000), "nested too deeply"),
        (lambda text: text.replace('"max_perf"', '"best"', 1), "the entry has no max_perf"),
        (lambda text: text.replace("hiaml_", "hiaml-", 1), "hiaml: unknown block"),
    ],
)
def test_json_that_is_wrong(tmp_path: Path, own_home: Path, change: Any, message: str) -> None:
    records = [json_record("hiaml", spec, i) for i, spec in enumerate(sampled("hiaml", 2))]
    path = write_json(tmp_path / "hiaml_cifar10_labelled_cg_data.json", "hiaml", records)
    path.write_text(change(path.read_text()))
    with pytest.raises(DataError, match=message) as caught:
        import_gennape(path, progress=False)
    assert str(caught.value).startswith(str(path))
    assert list(own_home.iterdir()) == []


def test_json_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nape_bench.data.importers import json_entries

    values = {"a": 1, "ü": {"b": [1.5, "ß" * 9, None, {}]}, "c": 123456, "d": "text", "e": [[]]}
    import json

    for indent in (None, 3):
        content = json.dumps(values, indent=indent, ensure_ascii=False).encode()
        for block in (1, 2, 3, 7, 1000):
            monkeypatch.setattr(json_entries, "_BLOCK", block)
            found = list(json_entries.read_json_entries(io.BytesIO(content), "x.json"))
            assert {key: value for key, value, _ in found} == values
            places = [content.decode()[place] for _, _, place in found]
            assert places == ['"'] * 5
    with pytest.raises(DataError, match=r"x.json, character 0: no UTF-8 text follows"):
        list(json_entries.read_json_entries(io.BytesIO(b"\xff\xfe"), "x.json"))
    assert list(json_entries.read_json_entries(io.BytesIO(b" { } "), "x.json")) == []


def test_archives_packed_by_lzma_that_are_damaged(tmp_path: Path) -> None:
    content = bytes(range(256)) * 4096
    made = [
        zipped(tmp_path / "a.zip", (NAME, content), method=zipfile.ZIP_LZMA),
        tarred(tmp_path / "a.tar.xz", (NAME, content)),
    ]
    for path in made:
        good = path.read_bytes()
        for at in range(8, len(good), 7):
            path.write_bytes(good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :])
            with contextlib.suppress(DataError):
                read(path)


def test_files_are_read_in_pieces(tmp_path: Path) -> None:
    asked = []

    class Told(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            asked.append(size)
            return super().read(size)

    source = sources.Source("t.csv", "t.csv", lambda: Told(b"a,b"))
    assert source.read() == b"a,b"
    assert all(size is not None and 0 < size < 1 << 26 for size in asked)
    assert source.read(3) == b"a,b"
    with pytest.raises(DataError, match="more than 2 bytes"):
        source.read(2)


def test_pipes_and_devices_are_not_opened(tmp_path: Path) -> None:
    pipe = tmp_path / NAME
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(DataError, match="is not there: a file, folder or archive expected"):
            import_gennape(path, progress=False)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_files_of_torch_with_any_byte_changed(tmp_path: Path, method: int) -> None:
    path = zipped(tmp_path / "t.pt", ("t/data.pkl", pickle.dumps([1.5, 2.5], 2)), method=method)
    good = path.read_bytes()
    assert read_torch(sources.plain_source(path)) == [1.5, 2.5]
    for at in range(4, len(good)):
        for value in (0, 0xFF, good[at] ^ 1):
            path.write_bytes(good[:at] + bytes([value]) + good[at + 1 :])
            with contextlib.suppress(DataError):
                read_torch(sources.plain_source(path))


def test_a_bomb_as_a_file_of_torch(tmp_path: Path) -> None:
    path = zipped(tmp_path / "t.pt", ("t/data.pkl", bytes(8 << 20)))
    with pytest.raises(DataError, match=r"t/data\.pkl has 8,388,608 bytes.*100 times"):
        read_torch(sources.plain_source(path))
