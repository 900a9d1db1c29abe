"""What was brought from the Hub is at hand without it, and only what is whole and has its tag."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from nape_bench.data import list_datasets, load_dataset, store
from nape_bench.data.manifest import FILE_NAME, data_file
from nape_bench.data.places import find_all
from nape_bench.errors import IntegrityError, StoredCopyWarning, UnknownNameError
from tests.data import tables

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "0123456789" * 4
KEY = ("me/some", "micro", "v1.0")


@pytest.fixture
def repository(own_home: Path) -> Path:
    """The folder of a repository of which v1.0 was fetched, and nothing is stored."""
    stored = store.put("me/some", "v1.0", "micro", tables.INFO, tables.config_data())
    repository = own_home / "hub" / "datasets--me--some"
    shutil.copytree(stored, repository / "snapshots" / COMMIT)
    shutil.rmtree(own_home / "datasets")
    (repository / "refs").mkdir()
    (repository / "refs" / "v1.0").write_text(COMMIT)
    return repository


def test_it_is_at_hand(repository: Path) -> None:
    ds = load_dataset("me/some", revision="v1.0")
    assert (ds.source, ds.path) == ("hub", str(repository / "snapshots" / COMMIT))
    with pytest.warns(StoredCopyWarning, match="HF_HUB_OFFLINE is set. me/some v1.0, which"):
        assert load_dataset("me/some").version == "v1.0"
    assert [(each.source, each.version) for each in list_datasets("me/some")] == [("hub", "v1.0")]


def test_the_client_of_the_hub_is_not_even_imported(repository: Path) -> None:
    program = (
        "import sys, nape_bench; nape_bench.load_dataset('me/some', revision='v1.0'); "
        "print('huggingface_hub' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (done.stdout.decode().strip(), done.stderr.decode()) == ("False", "")


def test_the_same_is_not_stored_again(repository: Path, own_home: Path) -> None:
    folder = store.put("me/some", "v1.0", "micro", tables.INFO, tables.config_data())
    assert folder == repository / "snapshots" / COMMIT
    assert not (own_home / "datasets").exists()


def test_another_commit_than_that_of_its_tag_does_not_count(repository: Path) -> None:
    for text in ("f" * 40, ""):
        (repository / "refs" / "v1.0").write_text(text)
        assert KEY not in find_all("me/some")
    (repository / "refs" / "v1.0").rename(repository / "refs" / "main")
    assert KEY not in find_all("me/some")
    with pytest.raises(UnknownNameError, match="HF_HUB_OFFLINE is set"):
        load_dataset("me/some", revision="v1.0")


def test_a_config_with_a_file_missing_does_not_count(repository: Path) -> None:
    (repository / "snapshots" / COMMIT / data_file("micro", "test")).unlink()
    assert KEY not in find_all("me/some")


def test_another_datasets_folder_does_not_count(repository: Path) -> None:
    other = repository.with_name("datasets--me--other")
    repository.rename(other)
    assert find_all("me/some") == find_all("me/other") == {}


def test_a_manifest_that_cannot_be_read_hides_nothing(repository: Path) -> None:
    shutil.copytree(repository / "snapshots" / COMMIT, repository / "snapshots" / ("a" * 40))
    (repository / "snapshots" / ("a" * 40) / FILE_NAME).write_text("{")
    (repository / "refs" / "v2.0").write_text("a" * 40)
    with pytest.warns(StoredCopyWarning):
        assert load_dataset("me/some").version == "v1.0"
    assert KEY in find_all()


def test_changed_content_is_noticed(repository: Path) -> None:
    folder = repository / "snapshots" / COMMIT
    shutil.copy(folder / data_file("micro", "train"), folder / data_file("micro", "test"))
    with pytest.raises(IntegrityError, match=f"remove {repository} and load it again"):
        load_dataset("me/some", revision="v1.0")
