"""load_dataset and the Hub: the version that was asked for, or an error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nape_bench.data import load_dataset
from nape_bench.data.manifest import FILE_NAME, data_file

if TYPE_CHECKING:
    from tests.hub.conftest import Answered, User
    from tests.hub.repositories import Blob, Repository
    from tests.hub.server import Hub

NAME = "jane/hiaml"
VERSIONS = ("v1.0", "v1.1")


@pytest.fixture
def published(user: User, hub: Hub) -> Repository:
    """`jane/hiaml` with two versions; their micro labels are the same, the configs are not."""
    for version in VERSIONS:
        assert user.cli("publish", "nape/hiaml", "--to", "jane", "--version", version).value == 0
    hub.requests.clear()
    return hub.repositories[NAME]


def facts(done: Answered) -> tuple[str, str, str]:
    assert done.error is None, done.message
    return done.value["version"], done.value["config"], done.value["source"]


def unknown(done: Answered) -> str:
    """Return the message of an error about a name that is not to be had."""
    assert done.error == "UnknownNameError"
    assert done.message is not None
    return done.message


def test_each_version_by_its_tag_and_then_without_a_hub(
    user: User, offline: User, hub: Hub, published: Repository
) -> None:
    for version in VERSIONS:
        done = user.load(NAME, revision=version)
        assert facts(done) == (version, "micro", "hub")
        ours = load_dataset("nape/hiaml", revision=version)
        assert done.value["hash"] == ours.content_hash
        assert done.value["y"] == ours["test"].y.tolist()
        assert "from the hub" in done.value["repr"]
        assert str(user.home) in done.value["path"]
    hub.requests.clear()
    hub.stop()
    for each in (user, offline):
        for version in VERSIONS:
            assert facts(each.load(NAME, revision=version)) == (version, "micro", "hub")
        done = each.load(NAME)
        assert facts(done) == ("v1.1", "micro", "hub")
        why = "HF_HUB_OFFLINE is set" if each is offline else "cannot be reached"
        assert "StoredCopyWarning: The Hub" in done.err
        assert why in done.err
        assert f"{NAME} v1.1, which was brought before, is taken" in done.err
        for wrong in ("v7.7", "v1", "main", published.tags["v1.0"]):
            told = unknown(each.load(NAME, revision=wrong))
            assert f"unknown version of {NAME}, config micro, '{wrong}'" in told
    hub.start()
    assert facts(user.load(NAME, revision="v1.1")) == ("v1.1", "micro", "hub")
    assert hub.requests == [], "a version that is at hand is not asked for"
    for wrong in ("main", published.tags["v1.0"]):
        unknown(user.load(NAME, revision=wrong))
    assert hub.requests == [], "only a version is asked for"
    told = unknown(user.load(NAME, revision="v7.7"))
    assert f"has no v7.7 of {NAME}; it has v1.0, v1.1." in told


def test_only_what_is_needed_is_fetched(user: User, hub: Hub, published: Repository) -> None:
    done = user.load(NAME, "proxies", revision="v1.1")
    assert facts(done) == ("v1.1", "proxies", "hub")
    folder = Path(done.value["path"])
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    splits = ("train", "validation", "test")
    assert there == {"README.md", FILE_NAME, *(data_file("proxies", split) for split in splits)}
    hub.stop()
    told = unknown(user.load(NAME, revision="v1.1", config="micro"))
    assert "cannot be reached" in told
    hub.start()
    assert facts(user.load(NAME, "micro", revision="v1.1")) == ("v1.1", "micro", "hub")
    plain = user.plain(done.value["path"], "proxies").value
    ours = load_dataset("nape/hiaml", "proxies", revision="v1.1")
    assert [row_id for row_id, _ in plain["test"]] == ours["test"].ids


def test_the_newest_that_has_the_config(user: User, hub: Hub, published: Repository) -> None:
    assert facts(user.load(NAME, "latency_cpu")) == ("v1.1", "latency_cpu", "hub")
    files = published.commits[published.tags["v1.0"]].files
    published.tags["v1.2"] = published.add(None, "v1.2", as_version(files, "v1.2"))
    assert facts(user.load(NAME, "proxies")) == ("v1.1", "proxies", "hub")
    told = unknown(user.load(NAME, "nosuch"))
    assert "v1.2 with micro; v1.1 with micro, proxies, latency_cpu; v1.0 with micro" in told


def test_a_newer_version_than_the_one_that_was_brought(
    user: User, hub: Hub, published: Repository
) -> None:
    newest = published.tags.pop("v1.1")
    assert facts(user.load(NAME)) == ("v1.0", "micro", "hub")
    hub.requests.clear()
    assert facts(user.load(NAME)) == ("v1.0", "micro", "hub")
    assert len(hub.requests) == 2
    published.tags["v1.1"] = newest
    assert facts(user.load(NAME, revision="v1.0")) == ("v1.0", "micro", "hub")
    done = user.load(NAME)
    assert facts(done) == ("v1.1", "micro", "hub")
    # A config that the newer version does not have is that of the older one.
    files = published.commits[published.tags["v1.0"]].files
    published.tags["v1.2"] = published.add(None, "v1.2", as_version(files, "v1.2"))
    assert facts(user.load(NAME, "proxies")) == ("v1.1", "proxies", "hub")
    assert facts(user.load(NAME, "proxies")) == ("v1.1", "proxies", "hub")
    assert "Warning" not in done.err


def test_a_newer_version_that_cannot_be_had(user: User, hub: Hub, published: Repository) -> None:
    assert facts(user.load(NAME)) == ("v1.1", "micro", "hub")
    published.tags["v2.0"] = published.tags["v1.1"]
    done = user.load(NAME)
    assert facts(done) == ("v1.1", "micro", "hub")
    assert f"StoredCopyWarning: tag v2.0 of {NAME}" in done.err


def as_version(files: dict[str, Blob], version: str) -> dict[str, Blob]:
    """Return the files of a version under another version's name."""
    manifest = json.loads(files[FILE_NAME].content)
    manifest["version"] = version
    told = json.dumps(manifest).encode()
    return {**files, FILE_NAME: type(files[FILE_NAME])(told)}


def test_what_is_at_hand_is_not_asked_for(user: User, hub: Hub, published: Repository) -> None:
    hub.repositories["nape/hiaml"] = published
    assert facts(user.load("nape/hiaml", revision="v1.0")) == ("v1.0", "micro", "package")
    assert facts(user.load("nape/hiaml", "proxies")) == ("v1.1", "proxies", "package")
    assert hub.requests == []


def test_content_that_is_not_the_published_one(user: User, hub: Hub, published: Repository) -> None:
    user.cli("publish", "nape/hiaml", "--version", "v1.0")
    found = hub.repositories["nape/hiaml"]
    commit = found.commits[found.tags["v1.0"]]
    done = user.load("nape/hiaml", revision="v1.0", package=False)
    assert facts(done) == ("v1.0", "micro", "hub")
    manifest = json.loads(commit.files[FILE_NAME].content)
    manifest["configs"]["micro"]["labels"]["accuracy"]["unit"] = "points"
    forged = type(commit.files[FILE_NAME])(json.dumps(manifest).encode())
    found.tags["v1.0"] = found.add(None, "forged", {**commit.files, FILE_NAME: forged})
    user.home = user.home / "another"
    done = user.load("nape/hiaml", revision="v1.0", package=False)
    assert done.error == "IntegrityError"
    assert "the published one is" in str(done.message)


def test_a_tag_on_another_version(user: User, hub: Hub, published: Repository) -> None:
    published.tags["v2.0"] = published.tags["v1.1"]
    done = user.load(NAME, revision="v2.0")
    assert done.error == "IntegrityError"
    assert f"tag v2.0 of {NAME}" in str(done.message)
    assert f"is on {NAME} v1.1" in str(done.message)
    done = user.load(NAME, revision="v1.1")
    assert facts(done) == ("v1.1", "micro", "hub")


def test_a_manifest_of_a_newer_nape_bench(user: User, hub: Hub, published: Repository) -> None:
    files = as_version(published.commits[published.tags["v1.1"]].files, "v3.0")
    newer = json.loads(files[FILE_NAME].content) | {"format": 99}
    files[FILE_NAME] = type(files[FILE_NAME])(json.dumps(newer).encode())
    published.tags["v3.0"] = published.add(None, "v3.0", files)
    done = user.load(NAME, revision="v3.0")
    assert done.error == "DataError"
    assert "format is 99" in str(done.message)
    assert facts(user.load(NAME, revision="v1.0")) == ("v1.0", "micro", "hub")


def test_a_download_that_is_cut_short(user: User, hub: Hub, published: Repository) -> None:
    hub.fail("resolve", 501, 6)
    assert "501" in unknown(user.load(NAME, revision="v1.1"))
    hub.stop()
    assert "cannot be reached" in unknown(user.load(NAME, revision="v1.1"))
    hub.start()
    assert facts(user.load(NAME, revision="v1.1")) == ("v1.1", "micro", "hub")


def test_a_download_that_was_changed(user: User, hub: Hub, published: Repository) -> None:
    folder = Path(user.load(NAME, revision="v1.0").value["path"])
    file = folder / data_file("micro", "test")
    content = (folder / data_file("micro", "train")).read_bytes()
    file.resolve().write_bytes(content)
    done = user.load(NAME, revision="v1.0")
    assert done.error == "IntegrityError"
    message = str(done.message)
    repository = folder.parents[1]
    assert f"remove {repository} and load it again" in message
    for path in sorted(repository.rglob("*"), reverse=True):
        path.unlink() if path.is_symlink() or path.is_file() else path.rmdir()
    assert facts(user.load(NAME, revision="v1.0")) == ("v1.0", "micro", "hub")


def test_what_the_hub_does_not_have_either(user: User, offline: User, hub: Hub) -> None:
    told = unknown(user.load("nape/hiamll"))
    assert "did you mean nape/hiaml" in told
    assert f"The Hub ({hub.address}) has no dataset nape/hiamll, or none that" in told
    told = unknown(user.load("nape/nb201", "cifar10"))
    assert "config cifar10 is made by `nape-bench import" in told
    assert "has no dataset nape/nb201" in told
    assert "HF_HUB_OFFLINE is set" in unknown(offline.load("nape/hiamll"))
    hub.requests.clear()
    for name in ("", "hiaml", "nape/..", "a/b/c"):
        unknown(user.load(name))
    assert hub.requests == []
    hub.fail("info", 501)
    assert "answered 501 about me/some (as the test wants it)" in unknown(user.load("me/some"))
    hub.stop()
    told = unknown(user.load("me/some"))
    assert f"The Hub ({hub.address}) cannot be reached" in told
    assert "unknown dataset 'me/some'" in told


def test_listed_as_downloaded(user: User, hub: Hub, published: Repository) -> None:
    user.load(NAME, revision="v1.0")
    done = user.cli("datasets", NAME, "--json")
    (listed,) = json.loads(done.out)["at_hand"]
    assert (listed["config"], listed["version"], listed["source"]) == ("micro", "v1.0", "hub")
    assert "downloaded" in user.cli("datasets", NAME).out


def test_plain_datasets_opens_a_repository(user: User, hub: Hub, published: Repository) -> None:
    ours = load_dataset("nape/hiaml")
    wanted = {
        split: [
            [row_id, ours[split].graphs[row].column("op").tolist()]
            for row, row_id in enumerate(ours[split].ids)
        ]
        for split in ours
    }
    for options in ({}, {"revision": "v1.0"}, {"streaming": True, "revision": "v1.1"}):
        assert user.plain(NAME, "micro", **options).value == wanted
    assert user.plain(NAME, None, revision="v1.1").value == wanted, "micro is the default"
    assert user.plain(NAME, "proxies", revision="v1.0").error == "ValueError"
    hub.large = False
    assert user.cli("publish", "nape/hiaml", "--to", "regular", "--version", "v1.0").value == 0
    assert user.plain("regular/hiaml", "micro", streaming=True).value == wanted


def test_nothing_is_asked_at_import_or_for_help(user: User, hub: Hub) -> None:
    assert user.cli("datasets").value == 0
    assert user.cli("cite", "nape/hiaml").value == 0
    assert hub.requests == []
