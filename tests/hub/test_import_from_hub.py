"""`import gennape --from-hub` and `import aiop --from-hub`: the authors' files, at a revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nape_bench import load_dataset
from tests.data.caches import dumps, entry, sampled
from tests.hub.repositories import Repository

if TYPE_CHECKING:
    from tests.hub.conftest import User
    from tests.hub.server import Hub

NAMES = ("gpi_nb101_comp_graph_cache.pkl", "gpi_nb201c10_comp_graph_cache.pkl")
SPECS = {family: sampled(family, 6) for family in ("nb101", "nb201", "ofa_resnet")}


def cache(family: str, count: int = 6) -> bytes:
    return dumps([entry(family, spec, i) for i, spec in enumerate(SPECS[family][:count])])


@pytest.fixture
def gennape(hub: Hub) -> Repository:
    """A repository with two caches, and files that are none of them."""
    found = hub.repositories["kgmills/GENNAPE"] = Repository("kgmills/GENNAPE")
    found.push("smaller", {f"cache/{NAMES[0]}": cache("nb101", 4)})
    found.tags["first"] = found.branches["main"]
    files = dict(zip(NAMES, (cache("nb101"), cache("nb201")), strict=True))
    found.push("all", {
        **{f"cache/{name}": content for name, content in files.items()},
        "README.md": b"---\nlicense: mit\n---\n", "weights [1].pt": b"no" * 50,
    })  # fmt: skip
    return found


def test_main(user: User, hub: Hub, gennape: Repository) -> None:
    commit = gennape.branches["main"]
    done = user.cli("import", "gennape", "--from-hub", "--quiet")
    assert done.value == 0, done.err
    assert done.out.count("6 rows read, 6 architectures kept") == 2
    assert hub.requests.count("resolve") == 4  # two files, each asked about and fetched
    told = load_dataset("nape/nb101", "gennape_cifar10").provenance
    assert told["repository"] == f"kgmills/GENNAPE@{commit}"
    assert told["command"] == (
        f"nape-bench import gennape --from-hub --revision {commit} --version v1.0"
    )
    hub.requests.clear()
    assert user.cli(*told["command"].split()[1:], "--quiet").value == 0
    assert "resolve" not in hub.requests, "what is here is not fetched again"


def test_a_revision(user: User, gennape: Repository) -> None:
    done = user.cli("import", "gennape", "--from-hub", "--revision", "first", "--quiet")
    assert done.value == 0, done.err
    assert "4 rows read, 4 architectures kept" in done.out
    told = load_dataset("nape/nb101", "gennape_cifar10").provenance
    assert told["repository"] == f"kgmills/GENNAPE@{gennape.tags['first']}"
    done = user.cli("import", "gennape", "--from-hub", "--revision", "none")
    assert (done.value, "has no none of kgmills/GENNAPE" in done.err) == (2, True)


def test_a_download_that_is_cut_short_goes_on(user: User, hub: Hub, gennape: Repository) -> None:
    hub.fail("resolve", 501, 4)
    done = user.cli("import", "gennape", "--from-hub", "--quiet")
    assert done.value == 2
    assert "501" in done.err
    assert [path.name for path in user.home.iterdir()] == ["releases"], "nothing was imported"
    hub.requests.clear()
    assert user.cli("import", "gennape", "--from-hub", "--quiet").value == 0
    assert hub.requests.count("resolve") <= 3
    hub.stop()
    done = user.cli("import", "gennape", "--from-hub", "--quiet")
    assert (done.value, "cannot be reached" in done.err) == (2, True)


def test_aiop(user: User, hub: Hub) -> None:
    found = hub.repositories["kgmills/AIO-P"] = Repository("kgmills/AIO-P")
    done = user.cli("import", "aiop", "--from-hub")
    assert done.value == 2
    assert "has none of the files of this release" in done.err
    assert "only .gitattributes" in done.err
    name = "gpi_ofa_resnet_obj_det_coco_ind_comp_graph_cache.pkl"
    found.push("one", {name: cache("ofa_resnet")})
    assert user.cli("import", "aiop", "--from-hub", "--quiet").value == 0
    ds = load_dataset("nape/ofa_resnet", "aiop_obj_det_ind")
    assert ds.provenance["repository"] == f"kgmills/AIO-P@{found.branches['main']}"


def test_what_does_not_go_together(user: User, offline: User, hub: Hub) -> None:
    for argv in ([], ["x", "--from-hub"], ["x", "--revision", "main"], ["--revision", "main"]):
        done = user.cli("import", "gennape", *argv)
        assert (done.value, "a PATH is needed, or --from-hub" in done.err) == (2, True)
    assert hub.requests == []
    done = user.cli("import", "gennape", "--from-hub")
    assert (done.value, "has no dataset kgmills/GENNAPE" in done.err) == (2, True)
    done = offline.cli("import", "gennape", "--from-hub")
    assert (done.value, "HF_HUB_OFFLINE is set" in done.err) == (2, True)
