"""What a Hub answers to each kind of request about datasets, and about Spaces."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from tests.hub.repositories import Blob, PullRequest, Repository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.hub.repositories import Commit
    from tests.hub.server import Hub

TOKEN = "hf_tests"
"""The token that may write everywhere but to the owner `closed`."""

SPACES = "spaces/"

DATE = "2026-01-01T00:00:00.000Z"


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body or b"{}")

    def flag(self, name: str) -> bool:
        return self.query.get(name, [""])[0].lower() in {"1", "true"}


@dataclass(frozen=True)
class Answer:
    status: int
    value: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def bytes(self) -> bytes:
        return self.value if isinstance(self.value, bytes) else json.dumps(self.value).encode()

    @property
    def kind(self) -> str:
        return "application/octet-stream" if isinstance(self.value, bytes) else "application/json"


class Refused(Exception):  # noqa: N818  (what is raised is an answer)
    """A request that is answered with an error."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        headers = {"X-Error-Code": code, "X-Error-Message": message} if code else {}
        self.answer = Answer(status, {"error": message}, headers)


def answered(function: Any) -> Any:
    """Make what a function raises its answer."""

    def call(*args: Any) -> Answer:
        try:
            return function(*args)
        except Refused as refused:
            return refused.answer

    return call


def check_writer(request: Request, owner: str) -> None:
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token != TOKEN:
        raise Refused(401, "Invalid credentials in Authorization header", "Unauthorized")
    if owner == "closed":
        raise Refused(403, "You don't have the rights to write there")


def owner_of(name: str) -> str:
    return name.split("/")[-2]


def page_of(hub: Hub, name: str) -> str:
    """Return the address of a repository's page; the names of Spaces here begin with spaces/."""
    return f"{hub.address}/{name if name.startswith(SPACES) else f'datasets/{name}'}"


def repository(hub: Hub, name: str) -> Repository:
    if name not in hub.repositories:
        raise Refused(404, "Repository not found", "RepoNotFound")
    return hub.repositories[name]


def revision(hub: Hub, name: str, wanted: str) -> Commit:
    commit = repository(hub, name).resolve(wanted)
    if commit is None:
        raise Refused(404, f"Invalid rev id: {wanted}", "RevisionNotFound")
    return commit


@answered
def whoami(hub: Hub, request: Request) -> Answer:
    check_writer(request, "tester")
    return Answer(200, {"type": "user", "name": "tester", "orgs": []})


@answered
def validate_yaml(hub: Hub, request: Request) -> Answer:
    if not request.json["content"].startswith("---\n"):
        errors = [{"message": "no metadata"}]
        return Answer(400, {"errors": errors, "warnings": []})
    return Answer(200, {"errors": [], "warnings": []})


@answered
def create(hub: Hub, request: Request) -> Answer:
    owner, short = request.json["organization"], request.json["name"]
    check_writer(request, owner)
    kind = request.json["type"]
    if kind == "space" and request.json.get("sdk") != "static":
        raise Refused(400, "a Space needs an SDK")
    name = f"{SPACES if kind == 'space' else ''}{owner}/{short}"
    if name in hub.repositories:
        raise Refused(409, f"You already created this {kind} repo")
    hub.repositories[name] = Repository(name)
    return Answer(200, {"url": page_of(hub, name)})


@answered
def info(hub: Hub, request: Request, name: str, wanted: str | None = None) -> Answer:
    commit = revision(hub, name, wanted or "main")
    siblings = [{"rfilename": path} for path in sorted(commit.files)]
    told = {"id": name, "sha": commit.sha, "siblings": siblings, "lastModified": DATE}
    return Answer(200, told | {"private": False, "gated": False, "disabled": False, "tags": []})


@answered
def refs(hub: Hub, request: Request, name: str) -> Answer:
    found = repository(hub, name)

    def told(kind: str, names: dict[str, str]) -> list[dict[str, str]]:
        return [
            {"name": each, "ref": f"refs/{kind}/{each}", "targetCommit": sha}
            for each, sha in names.items()
        ]

    return Answer(
        200,
        {"branches": told("heads", found.branches), "tags": told("tags", found.tags)}
        | {"converts": [], "pullRequests": []},
    )


@answered
def commits(hub: Hub, request: Request, name: str, wanted: str) -> Answer:
    commit: Commit | None = revision(hub, name, wanted)
    told = []
    while commit is not None:
        told.append(
            {"id": commit.sha, "title": commit.title, "message": "", "authors": [], "date": DATE}
        )
        commit = repository(hub, name).commits.get(commit.parent or "")
    return Answer(200, told)


def entry(path: str, blob: Blob) -> dict[str, Any]:
    told = {"type": "file", "path": path, "size": len(blob.content), "oid": blob.oid}
    if blob.large:
        size = len(blob.content)
        told["lfs"] = {"oid": blob.sha256, "size": size, "pointerSize": len(blob.pointer)}
    return told


def folders(paths: list[str]) -> list[str]:
    """Return all folders of files."""
    parts = [path.split("/") for path in paths]
    return sorted({"/".join(each[:end]) for each in parts for end in range(1, len(each))})


def listed(commit: Commit, expand: bool) -> dict[str, dict[str, Any]]:
    """Return what is told of each file and folder of a commit, path -> facts."""
    told = {path: entry(path, blob) for path, blob in commit.files.items()}
    for folder in folders(list(commit.files)):
        told[folder] = {"type": "directory", "path": folder, "size": 0, "oid": "0" * 40}
    if expand:
        last = {"id": commit.sha, "title": commit.title, "date": DATE}
        told = {path: {**facts, "lastCommit": last} for path, facts in told.items()}
    return dict(sorted(told.items()))


@answered
def tree(hub: Hub, request: Request, name: str, wanted: str, folder: str | None = None) -> Answer:
    told = listed(revision(hub, name, wanted), request.flag("expand"))
    start = f"{folder}/" if folder else ""
    below = {p: facts for p, facts in told.items() if p.startswith(start)}
    if not request.flag("recursive"):
        below = {p: facts for p, facts in below.items() if "/" not in p[len(start) :]}
    if folder and not below:
        raise Refused(404, f"{folder} does not exist", "EntryNotFound")
    return Answer(200, list(below.values()))


@answered
def paths_info(hub: Hub, request: Request, name: str, wanted: str) -> Answer:
    form = parse_qs(request.body.decode())
    told = listed(revision(hub, name, wanted), form.get("expand", [""])[0].lower() == "true")
    asked = [path.strip("/") for path in form.get("paths", [])]
    return Answer(200, [told[path] for path in asked if path in told])


@answered
def resolve(hub: Hub, request: Request, name: str, wanted: str, path: str) -> Answer:
    commit = revision(hub, name, wanted)
    headers = {"X-Repo-Commit": commit.sha}
    if path not in commit.files:
        headers |= {"X-Error-Code": "EntryNotFound", "X-Error-Message": "Entry not found"}
        return Answer(404, {"error": "Entry not found"}, headers)
    blob = commit.files[path]
    headers |= {"ETag": f'"{blob.etag}"', "Accept-Ranges": "bytes"}
    span = request.headers.get("range")
    if span is None:
        return Answer(200, blob.content, headers)
    first, _, last = span.removeprefix("bytes=").partition("-")
    end = min(int(last) + 1, len(blob.content)) if last else len(blob.content)
    headers["Content-Range"] = f"bytes {first}-{end - 1}/{len(blob.content)}"
    return Answer(206, blob.content[int(first) : end], headers)


@answered
def preupload(hub: Hub, request: Request, name: str, wanted: str) -> Answer:
    check_writer(request, owner_of(name))
    present = revision(hub, name, wanted).files
    files = [
        {
            "path": file["path"],
            "uploadMode": "lfs" if hub.large and file["path"].endswith(".parquet") else "regular",
            "shouldIgnore": False,
            "oid": present[file["path"]].etag if file["path"] in present else None,
        }
        for file in request.json["files"]
    ]
    return Answer(200, {"files": files})


@answered
def batch(hub: Hub, request: Request, name: str) -> Answer:
    check_writer(request, owner_of(name))
    objects = []
    for each in request.json["objects"]:
        told = {"oid": each["oid"], "size": each["size"]}
        if each["oid"] not in hub.objects:
            told["actions"] = {"upload": {"href": f"{hub.address}/objects/{each['oid']}"}}
        objects.append(told)
    return Answer(200, {"transfer": "basic", "objects": objects})


@answered
def put_object(hub: Hub, request: Request, oid: str) -> Answer:
    if Blob(request.body).sha256 != oid:
        raise Refused(400, "the content has another SHA-256")
    hub.objects[oid] = request.body
    return Answer(200, {})


@answered
def commit(hub: Hub, request: Request, name: str, wanted: str) -> Answer:
    check_writer(request, owner_of(name))
    found, parent = repository(hub, name), revision(hub, name, wanted)
    operations = [json.loads(line) for line in request.body.splitlines()]
    header = operations[0]["value"]
    proposed = request.flag("create_pr")
    if header.get("parentCommit", parent.sha) != parent.sha:
        if not proposed:
            raise Refused(412, "A commit has happened since. Please refresh and try again.")
        parent = found.commits[header["parentCommit"]]
    files = _applied(hub, dict(parent.files), operations[1:])
    sha = found.add(parent.sha, header["summary"], files)
    told = {"success": True, "commitOid": sha}
    told["commitUrl"] = f"{page_of(hub, name)}/commit/{sha}"
    if proposed:
        number = len(found.pull_requests) + 1
        found.pull_requests.append(PullRequest(number, header["summary"], sha))
        told["pullRequestUrl"] = f"{hub.address}/datasets/{name}/discussions/{number}"
    elif wanted.startswith("refs/pr/"):
        pull_request(hub, name, wanted.rpartition("/")[2]).commit = sha
    else:
        found.branches[wanted] = sha
    return Answer(200, told)


def _applied(hub: Hub, files: dict[str, Blob], operations: list[Any]) -> dict[str, Blob]:
    for operation in operations:
        kind, value = operation["key"], operation["value"]
        path = value["path"]
        if kind == "file":
            files[path] = Blob(base64.b64decode(value["content"]))
        elif kind == "lfsFile":
            if value["oid"] not in hub.objects:
                raise Refused(400, f"LFS pointer of {path} points to a file that does not exist")
            files[path] = Blob(hub.objects[value["oid"]], large=True)
        elif kind == "deletedFile":
            if path not in files:
                raise Refused(404, "A file with this name doesn't exist", "EntryNotFound")
            del files[path]
        else:
            raise Refused(400, f"unknown operation {kind}")
    return files


@answered
def tag(hub: Hub, request: Request, name: str, wanted: str) -> Answer:
    check_writer(request, owner_of(name))
    found = repository(hub, name)
    if request.method == "DELETE":
        found.tags.pop(wanted, None)
        return Answer(200, {})
    if request.json["tag"] in found.tags:
        raise Refused(409, "Tag reference exists already")
    found.tags[request.json["tag"]] = revision(hub, name, wanted).sha
    return Answer(200, {})


@answered
def branch(hub: Hub, request: Request, name: str, wanted: str) -> Answer:
    check_writer(request, owner_of(name))
    branches = repository(hub, name).branches
    if wanted in branches:
        raise Refused(409, "Reference exists already")
    branches[wanted] = revision(hub, name, request.json.get("startingPoint", "main")).sha
    return Answer(200, {})


def pull_request(hub: Hub, name: str, number: str) -> PullRequest:
    opened = repository(hub, name).pull_requests
    if int(number) > len(opened):
        raise Refused(404, "Discussion not found")
    return opened[int(number) - 1]


def discussion(name: str, opened: PullRequest) -> dict[str, Any]:
    return {
        "num": opened.number,
        "title": opened.title,
        "status": opened.status,
        "isPullRequest": True,
        "createdAt": DATE,
        "author": {"name": "tester"},
        "repo": {"name": name, "type": "dataset"},
        "changes": {"base": "refs/heads/main"},
        "filesWithConflicts": [],
        "events": [],
    }


@answered
def discussions(hub: Hub, request: Request, name: str) -> Answer:
    found = repository(hub, name)
    if request.method == "POST":
        number = len(found.pull_requests) + 1
        title, main = request.json["title"], found.branches["main"]
        found.pull_requests.append(PullRequest(number, title, main, "draft"))
        return Answer(200, {"num": number})
    status = request.query.get("status", ["all"])[0]
    told = [discussion(name, it) for it in found.pull_requests if status in {"all", it.status}]
    return Answer(200, {"discussions": told, "count": len(told), "start": 0})


@answered
def one_discussion(hub: Hub, request: Request, name: str, number: str) -> Answer:
    return Answer(200, discussion(name, pull_request(hub, name, number)))


_NAME = r"([^/]+/[^/]+)"
_API = f"/api/datasets/{_NAME}"
_SPACE = rf"/api/({SPACES}[^/]+/[^/]+)"
ROUTES: tuple[tuple[str, str, Any], ...] = (
    ("whoami", "GET /api/whoami-v2", whoami),
    ("validate", "POST /api/validate-yaml", validate_yaml),
    ("create", "POST /api/repos/create", create),
    ("preupload", f"POST {_API}/preupload/([^/]+)", preupload),
    ("commit", f"POST {_API}/commit/([^/]+)", commit),
    ("tag", f"POST|DELETE {_API}/tag/([^/]+)", tag),
    ("refs", f"GET {_API}/refs", refs),
    ("commits", f"GET {_API}/commits/([^/]+)", commits),
    ("tree", f"GET {_API}/tree/([^/]+)(?:/(.+))?", tree),
    ("paths-info", f"POST {_API}/paths-info/([^/]+)", paths_info),
    ("branch", f"POST {_API}/branch/([^/]+)", branch),
    ("discussions", f"GET|POST {_API}/discussions", discussions),
    ("discussion", f"GET {_API}/discussions/([0-9]+)", one_discussion),
    ("info", f"GET {_API}(?:/revision/([^/]+))?", info),
    ("resolve", f"HEAD|GET /datasets/{_NAME}/resolve/([^/]+)/(.+)", resolve),
    ("batch", rf"POST /datasets/{_NAME}\.git/info/lfs/objects/batch", batch),
    ("preupload", f"POST {_SPACE}/preupload/([^/]+)", preupload),
    ("commit", f"POST {_SPACE}/commit/([^/]+)", commit),
    ("refs", f"GET {_SPACE}/refs", refs),
    ("tree", f"GET {_SPACE}/tree/([^/]+)(?:/(.+))?", tree),
    ("upload", "PUT /objects/([0-9a-f]+)", put_object),
)
"""Kind of request, method and pattern of its address, what answers it."""
