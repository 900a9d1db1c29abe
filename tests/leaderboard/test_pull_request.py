"""Pull requests as data: one submission passes, all else is named, and nothing of it is run."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from nape_bench.cli import main as cli
from nape_bench.cli.main import main
from nape_bench.errors import DataError
from nape_bench.leaderboard import pull_request
from nape_bench.leaderboard.checking.folder import MOST_BYTES
from nape_bench.leaderboard.pull_request import Changes, changes, extract
from tests.leaderboard.pull_requests import FILES, NEW, OLD, Repository, submission

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "submission.yml"


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repo")


def found(repo: Repository, head: str, base: str = "main") -> list[tuple[str, str]]:
    """Codes of findings, and where each is."""
    made = changes(repo.path, base, head)
    assert made.findings
    assert (made.submission, made.blobs) == ("", ())
    return [(finding.code, finding.where) for finding in made.findings]


def asked(repo: Repository, files: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Findings of a pull request with a good submission and further files."""
    return found(repo, repo.commit({**submission(), **files}, repo.base))


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*")}


def test_a_new_submission_is_taken_out_as_it_is(repo: Repository, tmp_path: Path) -> None:
    content = b"\r\n$Id$ {\x00\xff"
    head = repo.commit(submission(content=content), repo.base)
    made = changes(repo.path, "main", head)
    assert made.findings == ()
    assert (made.submission, made.is_new) == ("mine", True)
    folder = extract(repo.path, made, tmp_path / "out")
    assert folder == tmp_path / "out" / "mine"
    assert files_of(folder) == dict.fromkeys(FILES, content)
    assert all(path.stat().st_mode & 0o111 == 0 for path in folder.iterdir())
    with pytest.raises(DataError, match="is there already"):
        extract(repo.path, made, tmp_path / "out")


def test_a_changed_submission_is_taken_out_whole(repo: Repository, tmp_path: Path) -> None:
    head = repo.commit({f"{OLD}/submission.yaml": b"changed\n"}, repo.base)
    made = changes(repo.path, "main", head)
    assert (made.findings, made.submission, made.is_new) == ((), "old", False)
    assert files_of(extract(repo.path, made, tmp_path / "out")) == {
        "submission.yaml": b"changed\n",
        "predictions.parquet": b"old\n",
    }


def test_what_the_base_did_meanwhile_is_not_the_pull_requests(repo: Repository) -> None:
    head = repo.commit(submission(), repo.base)
    ahead = repo.commit({"nape_bench/code.py": b"other\n"}, repo.base)
    assert changes(repo.path, ahead, head).findings == ()
    merged = repo.commit({**submission(), "nape_bench/code.py": b"other\n"}, head, ahead)
    assert changes(repo.path, ahead, merged).findings == ()


@pytest.mark.parametrize(
    ("files", "code", "where"),
    [
        ({".github/workflows/ci.yml": b"on: pull_request_target\n"}, "outside", ".github/workf"),
        ({"nape_bench/code.py": b"evil\n"}, "outside", "'nape_bench/code.py'"),
        ({"nape_bench/code.py": None}, "outside", "'nape_bench/code.py'"),
        ({"leaderboard/accepted.yaml": b"x"}, "outside", "'leaderboard/accepted.yaml'"),
        ({"leaderboard/results/mine.json": b"x"}, "outside", "results/mine.json"),
        ({"leaderboard/submissions/x": b"x"}, "outside", "'leaderboard/submissions/x'"),
        ({"leaderboard/submissions/x/y/README.md": b"x"}, "outside", "x/y/README.md"),
        ({"Leaderboard/Submissions/mine/README.md": b"x"}, "outside", "Leaderboard/Sub"),
        ({"leaderboard/submissions/Mine/README.md": b"x"}, "name", "submissions/Mine/"),
        ({"leaderboard/submissions/m\u0131ne/README.md": b"x"}, "name", "m\\u0131ne"),
        ({"leaderboard/submissions/a\nb/README.md": b"x"}, "name", "a\\nb"),
        ({"leaderboard/submissions/-rf/README.md": b"x"}, "name", "-rf"),
        ({"leaderboard/submissions/\udcff\udcfe/README.md": b"x"}, "name", "\\udcff"),
        ({f"{NEW}/setup.py": b"x"}, "extra-file", "setup.py"),
        ({f"{NEW}/.gitattributes": b"* filter=x"}, "extra-file", ".gitattributes"),
        ({f"{NEW}/::set-output\n::error": b"x"}, "extra-file", "::set-output\\n::error"),
        ({f"{NEW}/readme.md": b"x"}, "extra-file", "readme.md"),
        ({f"{OLD}/README.md": b"x"}, "several", "leaderboard/submissions"),
        ({f"{OLD}/submission.yaml": b"x"}, "several", "leaderboard/submissions"),
        ({f"{OLD}/submission.yaml": None}, "deleted", "old/submission.yaml"),
    ],
)
def test_what_else_is_changed_is_named(
    repo: Repository, files: dict[str, Any], code: str, where: str
) -> None:
    ((told, place),) = asked(repo, files)
    assert told == code
    assert where in place
    assert place.isascii()
    assert place.isprintable()


@pytest.mark.parametrize("mode", ["120000", "100755", "160000"])
@pytest.mark.parametrize("path", [f"{NEW}/README.md", NEW + "x", "link", f"{OLD}/submission.yaml"])
def test_what_is_no_plain_file_is_named(repo: Repository, mode: str, path: str) -> None:
    oid = repo.base if mode == "160000" else repo.blob(b"/etc/passwd")
    assert ("kind", f"'{path}'") in asked(repo, {path: (mode, oid)})


def test_a_folder_that_becomes_a_link_is_named(repo: Repository) -> None:
    gone = dict.fromkeys(submission(OLD))
    head = repo.commit({**gone, OLD: ("120000", repo.blob(b"../../.."))}, repo.base)
    assert ("kind", f"'{OLD}'") in found(repo, head)


def test_an_executable_that_was_there_is_named_when_another_file_changes(repo: Repository) -> None:
    before = repo.commit({f"{OLD}/README.md": ("100755", repo.blob(b"x"))}, repo.base)
    head = repo.commit({f"{OLD}/submission.yaml": b"x"}, before)
    assert found(repo, head, before) == [("extra-file", f"'{OLD}/README.md'")]


def test_a_file_beyond_its_bound_is_named_and_not_read(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MOST_BYTES, "predictions.parquet", 10)
    assert asked(repo, {f"{NEW}/predictions.parquet": b"x" * 11}) == [
        ("size", f"'{NEW}/predictions.parquet'")
    ]
    head = repo.commit({**submission(), f"{NEW}/predictions.parquet": b"x" * 10}, repo.base)
    assert changes(repo.path, "main", head).findings == ()


def test_a_file_whose_object_was_left_out_is_named(repo: Repository) -> None:
    head = repo.commit(submission(content=b"only here\n"), repo.base)
    oid = repo.blob(b"only here\n")
    (repo.path / "objects" / oid[:2] / oid[2:]).unlink()
    assert {code for code, _ in found(repo, head)} == {"size"}


def test_a_large_file_is_not_fetched_later(repo: Repository, tmp_path: Path) -> None:
    """As in the workflow, whose fetch leaves large files out."""
    repo.git("config", "uploadpack.allowFilter", "true")
    head = repo.commit({**submission(), f"{NEW}/README.md": b"x" * 5000}, repo.base)
    repo.git("update-ref", "refs/pull/1/head", head)
    clone, address = tmp_path / "clone", f"file://{repo.path}"
    for argv in (
        ["clone", "-q", "--bare", "--branch", "main", "--single-branch", address, str(clone)],
        ["-C", str(clone), "fetch", "-q", "--filter=blob:limit=1k", "origin", "refs/pull/1/head"],
    ):
        subprocess.run(["git", *argv], check=True, capture_output=True)
    (finding,) = changes(clone, repo.base, head).findings
    assert finding.code == "size"


def test_many_files_are_cut_short(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    told = asked(repo, {f"many/{i}": b"x" for i in range(30)})
    assert len(told) == pull_request.MOST_TOLD + 1
    assert told[-1] == ("more", "10 more")
    monkeypatch.setattr(pull_request, "MOST_OUTPUT", 2000)
    ((code, _),) = asked(repo, {f"many/{i}": b"x" for i in range(30)})
    assert code == "outside"


def test_a_name_that_is_taken(repo: Repository) -> None:
    head = repo.commit(submission("leaderboard/submissions/flops"), repo.base)
    assert found(repo, head) == [("name", "leaderboard/submissions/flops")]


def test_a_submission_that_changed_on_the_base_too(repo: Repository) -> None:
    head = repo.commit({f"{OLD}/submission.yaml": b"mine\n"}, repo.base)
    ahead = repo.commit({f"{OLD}/predictions.parquet": b"theirs\n"}, repo.base)
    assert found(repo, head, ahead) == [("behind", OLD)]
    head = repo.commit(submission(), repo.base)
    ahead = repo.commit(submission(content=b"theirs\n"), repo.base)
    assert found(repo, head, ahead) == [("behind", NEW)]


def test_histories_without_one_common_commit(repo: Repository) -> None:
    assert [code for code, _ in found(repo, repo.commit(submission()))] == ["history"]
    assert [code for code, _ in found(repo, repo.base)] == ["nothing"]
    one = repo.commit(submission(), repo.base)
    two = repo.commit({"nape_bench/code.py": b"other\n"}, repo.base)
    left, right = repo.commit({}, one, two), repo.commit({}, two, one)
    assert [code for code, _ in found(repo, left, right)] == ["history"]


def test_malformed_trees(repo: Repository, tmp_path: Path) -> None:
    oid = repo.blob(b"x\n")
    for name in (f"{NEW}/README.md", f"{NEW}/../../../README.md"):
        slashed = repo.commit_tree(repo.raw_tree(("100644", name, oid)), repo.base)
        assert changes(repo.path, "main", slashed).findings
    root = repo.git("ls-tree", repo.base).splitlines()
    kept = [(line.split()[0], line.split("\t")[1], line.split()[2]) for line in root]
    flat = repo.commit_tree(repo.raw_tree(*kept, ("100644", f"{NEW}/README.md", oid)), repo.base)
    assert found(repo, flat) == [("malformed", f"'{NEW}/README.md'")]
    # The same name twice: which of them is checked, and which is on the board?
    twice = repo.raw_tree(("100644", "README.md", oid), ("100644", "README.md", repo.blob(b"y\n")))
    tree = twice
    for name in ("mine", "submissions", "leaderboard"):
        rest = [] if name != "leaderboard" else [e for e in kept if e[1] != "leaderboard"]
        old = repo.git("rev-parse", f"{repo.base}:{OLD}")
        rest += [("40000", "old", old)] if name == "mine" else []
        tree = repo.raw_tree(*sorted([("40000", name, tree), *rest], key=lambda each: each[1]))
    head = repo.commit_tree(tree, repo.base)
    assert ("extra-file", f"'{NEW}/README.md'") in found(repo, head)


def test_refs_are_no_options_and_must_be_there(repo: Repository, tmp_path: Path) -> None:
    for name in ("--output=x", "nosuch", "", "main:nape_bench", "-h"):
        with pytest.raises(DataError, match="git has no commit"):
            changes(repo.path, "main", name)
    with pytest.raises(DataError, match="no commit"):
        changes(tmp_path / "nosuch", "main", "main")


def test_nothing_of_the_repository_is_run(
    repo: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Filters, hooks, text conversion and replacements would change or run something."""
    ran = tmp_path / "ran"
    for key in ("filter.x.smudge", "diff.x.textconv", "diff.external", "core.fsmonitor"):
        repo.git("config", key, f"touch {ran}")
    repo.git("config", "core.autocrlf", "true")
    (repo.path / "info").mkdir(exist_ok=True)
    (repo.path / "info" / "attributes").write_text("* filter=x diff=x\n")
    head = repo.commit(submission(), repo.base)
    repo.git("replace", repo.blob(b"mine\n"), repo.blob(b"other\n"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    folder = extract(repo.path, changes(repo.path, "main", head), tmp_path / "out")
    assert files_of(folder) == dict.fromkeys(FILES, b"mine\n")
    assert not ran.exists()


def test_what_has_findings_is_not_taken_out(repo: Repository, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not extracted"):
        extract(repo.path, Changes(()), tmp_path / "out")
    made = changes(repo.path, "main", repo.commit(submission(), repo.base))
    wrong = Changes((), "mine", True, (made.blobs[0]._replace(size=4),))
    with pytest.raises(DataError):
        extract(repo.path, wrong, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_the_command(repo: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    argv = ["leaderboard", "pull-request", "--repo", str(repo.path), "--base", "main"]
    bad = repo.commit({**submission(), "a\n::error::b": b"x"}, repo.base)
    assert main([*argv, "--head", bad, "--out", str(out)]) == 1
    told = capsys.readouterr().out
    assert told.startswith("error (outside): 'a\\n::error::b': a submission changes files")
    assert told.count("\n") == 1
    assert not out.exists()
    good = repo.commit(submission(), repo.base)
    assert main([*argv, "--head", good, "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"mine: new\n{out / 'mine'}: 2 files, 10 bytes\n"
    assert set(files_of(out / "mine")) == set(FILES)


BLOCKED = (
    "torch", "torch_geometric", "datasets", "huggingface_hub", "sklearn", "onnx", "safetensors",
    "joblib", "tqdm", "threadpoolctl", "platformdirs", "jinja2",
)  # fmt: skip
WITHOUT = f"""
import sys
for name in {BLOCKED}: sys.modules[name] = None
from nape_bench.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def steps() -> list[dict[str, Any]]:
    (job,) = yaml.safe_load(WORKFLOW.read_text())["jobs"].values()
    assert job["timeout-minutes"] <= 20
    return list(job["steps"])


def test_the_workflow_is_given_nothing() -> None:
    text = WORKFLOW.read_text()
    plain = yaml.safe_load(text)
    # YAML 1.1 reads `on` as true.
    assert list(plain[True]) == ["pull_request"]
    assert plain["permissions"] == {"contents": "read"}
    assert all("permissions" not in job for job in plain["jobs"].values())
    code = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for word in ("pull_request_target", "secrets", "GITHUB_TOKEN", "write", "workflow_run"):
        assert word not in code


def test_the_workflow_runs_the_base_alone() -> None:
    for step in steps():
        if "uses" in step:
            version = step["uses"].partition("@")[2]
            assert len(version) == 40
            assert set(version) <= set("0123456789abcdef")
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"
            assert step["with"]["persist-credentials"] is False
        # What a stranger may choose never stands in a shell's text.
        assert "${{" not in step.get("run", "")
        lines = step.get("run", "").splitlines()
        git = [line.split()[1] for line in lines if line.startswith("git ")]
        assert set(git) <= {"fetch"}
    assert sum("actions/checkout" in step.get("uses", "") for step in steps()) == 1


def test_the_workflows_commands_do_it(repo: Repository, tmp_path: Path) -> None:
    """Every command of ours parses, and runs where only the checker's packages are."""
    head = repo.commit(submission(), repo.base)
    named = {"BASE": repo.base, "HEAD": head, "RUNNER_TEMP": str(tmp_path)}
    lines = "\n".join(step.get("run", "") for step in steps()).splitlines()
    seen = {}
    for line in (line for line in lines if "nape-bench" in line):
        for name, value in named.items():
            line = line.replace(f"${name}", value)  # noqa: PLW2901
        # A shell would write out the star.
        limit, seconds, program, *argv = shlex.split(line.replace("/*", "/mine"))
        assert (limit, program) == ("timeout", "nape-bench")
        assert int(seconds) <= 600
        command = cli._parser().parse_args(argv).command.name
        seen[command] = subprocess.run(
            [sys.executable, "-c", WITHOUT, *argv],
            cwd=ROOT if command == "check" else repo.path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
    taken, checked = seen["leaderboard pull-request"], seen["check"]
    assert (taken.returncode, taken.stderr) == (0, "")
    assert set(files_of(tmp_path / "submission" / "mine")) == set(FILES)
    assert (checked.returncode, checked.stderr) == (1, "")
    assert checked.stdout.endswith("mine: refused\n")
