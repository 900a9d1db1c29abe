"""`nape-bench publish`: one commit and one tag, whatever happens in between."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from nape_bench.data import store
from nape_bench.data.hub.release import card
from nape_bench.data.manifest import FILE_NAME, data_file, parse_manifest
from nape_bench.data.places import EMBEDDED
from tests.data import tables

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hub.conftest import User
    from tests.hub.repositories import Repository
    from tests.hub.server import Hub

NEW = {".gitattributes"}


def publish(user: User, owner: str, *options: str, name: str = "nape/hiaml") -> str:
    """Publish, and return what is printed."""
    done = user.cli("publish", name, "--to", owner, *options)
    assert done.value == 0, done.err
    return done.out


def refused(user: User, *argv: str) -> str:
    """Return the error of a command that must fail."""
    done = user.cli("publish", *argv)
    assert done.value == 2
    assert done.out == ""
    return done.err.splitlines()[-1]


def shipped(version: str) -> dict[str, bytes]:
    """Return what is published of a version: the package's files, the card with its pictures."""
    folder = EMBEDDED / "hiaml" / version
    paths = [path for path in folder.rglob("*") if path.is_file()]
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    return files | card("nape/hiaml", version)


def put(version: str = "v1.0", config: str = "micro", *, shift: float = 0.0) -> Path:
    rows = tables.rows()
    labels = {**rows.labels, "latency": rows.labels["latency"] + shift}
    data = tables.config_data(dataclasses.replace(rows, labels=labels))
    return store.put("me/some", version, config, tables.INFO, data)


@pytest.mark.parametrize("large", [True, False])
def test_two_versions(user: User, hub: Hub, large: bool) -> None:
    hub.large = large
    assert publish(user, "nape", "--version", "v1.0").splitlines() == [
        f"{hub.address}/datasets/nape/hiaml/tree/v1.0"
    ]
    assert hub.requests.count("commit") == 1
    publish(user, "nape")
    found = hub.repositories["nape/hiaml"]
    assert list(found.tags) == ["v1.0", "v1.1"]
    assert found.branches["main"] == found.tags["v1.1"]
    assert [found.commits[sha].title for sha in found.tags.values()] == [
        "Publish v1.0", "Publish v1.1",
    ]  # fmt: skip
    for version in found.tags:
        files = found.contents(version)
        croissant = json.loads(files.pop("croissant.json"))
        assert {path: files[path] for path in files if path not in NEW} == shipped(version)
        for each in croissant["distribution"]:
            assert each["sha256"] == hashlib.sha256(files[each["@id"]]).hexdigest()
        blob = found.commits[found.tags[version]].files[data_file("micro", "test")]
        assert blob.large == large


def test_no_version_of_the_project_is_left_out(user: User, hub: Hub) -> None:
    for options in (["--dry-run"], []):
        told = refused(user, "nape/hiaml", *options)
        assert "has no v1.0 yet" in told
        assert "--version v1.0" in told
    assert hub.repositories == {}


def test_what_main_alone_has_goes(user: User, hub: Hub) -> None:
    publish(user, "a", "--version", "v1.0")
    found = hub.repositories["a/hiaml"]
    found.push("By hand", {"data/old/train-00000-of-00001.parquet": b"", "notes.txt": b"n"})
    publish(user, "a", "--version", "v1.1")
    assert set(found.contents("main")) == NEW | {"croissant.json"} | set(shipped("v1.1"))


def test_another_owner_has_a_dataset_of_its_own(user: User, hub: Hub) -> None:
    publish(user, "jane", "--version", "v1.0")
    files = hub.repositories["jane/hiaml"].contents("v1.0")
    told = parse_manifest(files[FILE_NAME].decode(), "")
    ours = parse_manifest(shipped("v1.0")[FILE_NAME].decode(), "")
    assert told == dataclasses.replace(ours, name="jane/hiaml")


def test_again_is_no_change(user: User, hub: Hub) -> None:
    publish(user, "a", "--version", "v1.0")
    publish(user, "a", "--version", "v1.1")
    found = hub.repositories["a/hiaml"]
    before = (dict(found.tags), dict(found.branches), len(found.commits))
    for version in ("v1.0", "v1.1"):
        done = user.cli("publish", "nape/hiaml", "--to", "a", "--version", version)
        assert "is published, nothing changed" in done.err
        assert done.out == f"{hub.address}/datasets/a/hiaml/tree/{version}\n"
    assert (found.tags, found.branches, len(found.commits)) == before


def state(found: Repository) -> dict[str, dict[str, bytes]]:
    """Return the files of main and of each tag, without the day that croissant.json has."""
    told = {name: found.contents(name) for name in ("main", *found.tags)}
    for files in told.values():
        value = json.loads(files["croissant.json"])
        del value["datePublished"]
        files["croissant.json"] = json.dumps(value).encode()
    return told


@pytest.mark.parametrize("done", [False, True], ids=["undone", "answer lost"])
def test_cut_short_at_any_request_and_run_again(user: User, hub: Hub, done: bool) -> None:
    put()
    argv = ("publish", "me/some")
    assert user.cli(*argv).value == 0
    wanted, requests = state(hub.repositories["me/some"]), list(hub.requests)
    assert {"create", "validate", "preupload", "batch", "upload", "commit", "tag"} < set(requests)
    failures = 0
    writing = {"create", "upload", "commit", "tag"}
    chosen = [nth for nth, kind in enumerate(requests, 1) if kind in writing or not done]
    for nth in chosen:
        hub.reset()
        hub.fail("", 501, nth, done=done)
        failures += user.cli(*argv).value == 2
        assert user.cli(*argv).value == 0
        found = hub.repositories["me/some"]
        assert state(found) == wanted
        assert len(found.commits) == 2, "the files are committed once"
    assert failures == len(chosen)


def test_the_day_of_a_commit_without_its_tag_stays(user: User, hub: Hub) -> None:
    put()
    hub.fail("tag")
    assert "501" in refused(user, "me/some")
    found = hub.repositories["me/some"]
    croissant = json.loads(found.contents("main")["croissant.json"])
    croissant["datePublished"] = "2001-02-03"
    text = json.dumps(croissant, indent=2, ensure_ascii=False) + "\n"
    day_before = found.push("As if made then", {"croissant.json": text.encode()})
    assert user.cli("publish", "me/some").value == 0
    assert found.tags == {"v1.0": day_before}


def test_others_move_main_in_between(user: User, hub: Hub) -> None:
    publish(user, "a", "--version", "v1.0")
    found = hub.repositories["a/hiaml"]
    for nth in (1, 2):
        hub.on("commit", lambda handle: (found.push("Other", {"x": b"x"}), handle())[1], nth)
    publish(user, "a")
    assert "x" not in found.contents("main")
    assert found.branches["main"] == found.tags["v1.1"]
    assert hub.requests.count("commit") == 4
    assert [it.title for it in found.commits.values()].count("Publish v1.1") == 1


def test_others_push_the_same_files_and_more(user: User, hub: Hub) -> None:
    hub.large = False
    publish(user, "a", "--version", "v1.0")
    publish(user, "b")
    found, same = hub.repositories["a/hiaml"], hub.repositories["b/hiaml"].contents("main")
    manifest = json.loads(same[FILE_NAME]) | {"name": "a/hiaml"}
    same[FILE_NAME] = (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()
    same["croissant.json"] = (
        same["croissant.json"].replace(b"b/hiaml", b"a/hiaml").replace(b"{b-hiaml", b"{a-hiaml")
    )
    # Titles and ids of pictures have the name of the repository.
    same |= {
        path: content.replace(b"b/hiaml", b"a/hiaml").replace(b"plot-b-", b"plot-a-")
        for path, content in same.items()
        if path.endswith(".svg")
    }
    pushed = []

    def push(handle):
        pushed.append(found.push("Other", {**same, "x": b"x"}))
        return handle()

    hub.on("preupload", push)
    publish(user, "a")
    assert found.contents(pushed[0]) == {**found.contents("v1.1"), "x": b"x"}
    assert found.tags["v1.1"] != pushed[0]


def test_others_never_stop_moving_main(user: User, hub: Hub) -> None:
    publish(user, "a", "--version", "v1.0")
    for nth in range(1, 9):
        hub.fail("commit", 412, nth)
    assert "others moved main of" in refused(user, "nape/hiaml", "--to", "a")
    assert list(hub.repositories["a/hiaml"].tags) == ["v1.0"]


def test_a_tag_that_another_process_sets_meanwhile(user: User, hub: Hub) -> None:
    put()

    def tagged(handle):
        found = hub.repositories["me/some"]
        found.tags["v1.0"] = found.branches["main"]
        return handle()

    hub.on("tag", tagged)
    assert user.cli("publish", "me/some").value == 0

    def tagged_elsewhere(handle):
        found = hub.repositories["me/some"]
        found.tags["v1.1"] = found.tags["v1.0"]
        return handle()

    put("v1.1", shift=1.0)
    hub.on("tag", tagged_elsewhere)
    assert "tag v1.1 of" in refused(user, "me/some")


def test_a_tag_is_never_moved(user: User, hub: Hub) -> None:
    folder = put()
    assert user.cli("publish", "me/some").value == 0
    found = hub.repositories["me/some"]
    commit = found.tags["v1.0"]
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    folder.rmdir()
    put(shift=1.0)
    for options in ([], ["--pr"], ["--dry-run"]):
        assert f"is on other content (commit {commit})" in refused(user, "me/some", *options)
    assert found.tags == {"v1.0": commit}
    assert found.branches == {"main": commit}


def test_a_tag_with_a_file_missing_is_other_content(user: User, hub: Hub) -> None:
    put()
    assert user.cli("publish", "me/some").value == 0
    found = hub.repositories["me/some"]
    del found.commits[found.tags["v1.0"]].files[data_file("micro", "test")]
    assert "is on other content" in refused(user, "me/some")


def test_an_older_version_does_not_take_the_place_of_a_newer(user: User, hub: Hub) -> None:
    publish(user, "a")
    assert "main of" in (told := refused(user, "nape/hiaml", "--to", "a", "--version", "v1.0"))
    assert "has v1.1, which is newer than v1.0" in told
    assert list(hub.repositories["a/hiaml"].tags) == ["v1.1"]


def test_what_does_not_verify_is_not_published(user: User, hub: Hub) -> None:
    path = put() / data_file("micro", "test")
    path.write_bytes((path.parent / "validation-00000-of-00001.parquet").read_bytes())
    assert "expected content hash" in refused(user, "me/some")
    assert hub.requests == []


def test_dry_run(user: User, hub: Hub) -> None:
    user.token = ""
    out = publish(user, "a", "--version", "v1.0", "--dry-run")
    assert "the repository would be created" in out
    assert f"{len(shipped('v1.0')) + 1} files added; its tag would be set on a new commit" in out
    assert set(hub.requests) == {"refs"}
    user.token = "hf_tests"
    publish(user, "a", "--version", "v1.0")
    hub.requests.clear()
    lines = [line.split() for line in publish(user, "a", "--dry-run").splitlines()]
    done = {line[1]: line[0] for line in lines if line[:1] in (["add"], ["change"], ["delete"])}
    old, new = shipped("v1.0"), shipped("v1.1")
    assert done == {
        **{path: "add" for path in new if path not in old},
        **{path: "change" for path in new if path in old and new[path] != old[path]},
        "croissant.json": "change",
    }
    assert "commit" not in hub.requests
    assert "nothing would change" in publish(user, "a", "--version", "v1.0", "--dry-run")


def test_pull_request(user: User, hub: Hub) -> None:
    assert "there is no" in refused(user, "nape/hiaml", "--to", "a", "--pr")
    publish(user, "a", "--version", "v1.0")
    found = hub.repositories["a/hiaml"]
    main = found.branches["main"]
    address = f"{hub.address}/datasets/a/hiaml/discussions/1"
    assert publish(user, "a", "--pr").splitlines() == [address]
    assert publish(user, "a", "--pr").splitlines() == [address], "it is open already"
    assert found.branches["main"] == main
    assert list(found.tags) == ["v1.0"]
    assert set(shipped("v1.1")) < set(found.contents("refs/pr/1"))
    found.merge(1)
    assert "nothing to propose" in refused(user, "nape/hiaml", "--to", "a", "--pr")
    publish(user, "a")
    assert found.tags["v1.1"] == found.branches["main"]
    assert found.commits[found.tags["v1.1"]].title == "Merge"


def test_refusals(user: User, hub: Hub) -> None:
    assert "does not allow that on closed/hiaml" in (
        told := refused(user, "nape/hiaml", "--to", "closed")
    )
    assert "--to" in told
    user.token = "hf_wrong"
    assert "does not accept the token" in refused(user, "nape/hiaml", "--to", "a")
    user.token = ""
    told = refused(user, "nape/hiaml", "--to", "a")
    assert "needs a token" in told
    assert "HF_TOKEN" in told
    assert hub.repositories == {}
    hub.stop()
    user.token = "hf_tests"
    assert "cannot be reached" in refused(user, "nape/hiaml", "--to", "a")


def test_offline(offline: User, hub: Hub) -> None:
    assert "HF_HUB_OFFLINE is set" in refused(offline, "nape/hiaml")
    assert hub.requests == []


def test_what_there_is_to_publish(user: User, hub: Hub) -> None:
    assert "unknown dataset 'nape/hiamll': did you mean nape/hiaml" in refused(user, "nape/hiamll")
    assert "v9.9 is no version that the project publishes (v1.0, v1.1)" in refused(
        user, "nape/hiaml", "--version", "v9.9"
    )
    put()
    assert "unknown version of me/some 'v2.0'" in refused(user, "me/some", "--version", "v2.0")
    assert "letters, digits" in refused(user, "me/some", "--to", "a b")
    assert hub.requests == []


def test_imported_labels_of_a_dataset_of_the_project_stay_here(user: User, hub: Hub) -> None:
    store.put("nape/hiaml", "v1.0", "cifar10", tables.INFO, tables.config_data())
    publish(user, "a", "--version", "v1.0")
    files = hub.repositories["a/hiaml"].contents("v1.0")
    assert list(parse_manifest(files[FILE_NAME].decode(), "").configs) == ["micro"]
    assert not any("cifar10" in path for path in files)


def test_configs_from_several_folders_are_one_version(user: User, hub: Hub) -> None:
    put()
    put(config="another", shift=1.0)
    assert user.cli("publish", "me/some").value == 0
    files = hub.repositories["me/some"].contents("v1.0")
    assert list(parse_manifest(files[FILE_NAME].decode(), "").configs) == ["micro", "another"]
    for config in ("micro", "another"):
        plain = user.plain("me/some", config, revision="v1.0").value
        ours = user.load("me/some", config, revision="v1.0")
        assert ours.value["source"] == "store"
        assert sum(len(rows) for rows in plain.values()) == 30
    other = dataclasses.replace(tables.INFO, licence="cc0-1.0")
    store.put("me/some", "v1.0", "third", other, tables.config_data())
    assert "differ in licence" in refused(user, "me/some")
