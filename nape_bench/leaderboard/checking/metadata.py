"""Metadata: what `submission.yaml` says of a submission."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nape_bench.leaderboard.checking.finding import Finding, RefusedError, error, shown
from nape_bench.leaderboard.checking.strict_yaml import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

METADATA_FILE = "submission.yaml"
SCHEMA_FILE = Path(__file__).parent / "submission.schema.json"
SCHEMA_VERSION = 1
MOST_TOLD = 20
SEVERAL_LINES = ("summary", "remarks", "training_data", "settings")
ACTIVE, SUPERSEDED, WITHDRAWN = "active", "superseded", "withdrawn"


@dataclass(frozen=True)
class Entry:
    """What is said of one protocol.

    Attributes:
        dataset: The dataset that was predicted, "<owner>/<name>".
        config: Its set of labels.
        version: Its version.
        content_hash: The hash over its content.
        labels: How many labels each seed was shown.
        seeds: The seeds of the runs.
        fit_seconds: Mean wall-clock seconds of a fit, None where not told.
        predict_seconds: Mean seconds to predict the test, None where not told.
    """

    dataset: str
    config: str
    version: str
    content_hash: str
    labels: int
    seeds: tuple[int, ...]
    fit_seconds: float | None = None
    predict_seconds: float | None = None

    @property
    def seconds(self) -> float | None:
        """Seconds of a run, to fit and to predict; None where not told."""
        told = [each for each in (self.fit_seconds, self.predict_seconds) if each is not None]
        return sum(told) if told else None


@dataclass(frozen=True)
class Metadata:
    """What is said of a submission; the JSON Schema beside this file says it in full.

    Attributes:
        name: What a reader calls it.
        authors: Their names.
        summary: What it is, in a sentence or two.
        code: Address of its code.
        licence: SPDX name of the licence of code and predictions.
        is_value: Whether it predicts the label's value; a mere score has no MAE.
        protocols: What is said of each protocol, by name.
        paper: Address of its paper, "" where there is none.
        deterministic: Whether every run gives the same, so that one seed is enough.
        training_data: Labels that it has seen beyond those that its protocols give, "" for none.
        hardware: What it ran on.
        parameters: Number of learnt parameters, None where not told.
        lifecycle: "active", "superseded" (then by `superseded_by`) or "withdrawn".
        superseded_by: Folder name of the submission that took its place.
        remarks: What else a reader must know.
        settings: Hyperparameters, plain.
        environment: Versions of what ran.
    """

    name: str
    authors: tuple[str, ...]
    summary: str
    code: str
    licence: str
    is_value: bool
    protocols: Mapping[str, Entry]
    paper: str = ""
    deterministic: bool = False
    training_data: str = ""
    hardware: str = ""
    parameters: int | None = None
    lifecycle: str = ACTIVE
    superseded_by: str = ""
    remarks: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


def read_metadata(text: str, where: str = METADATA_FILE) -> tuple[Metadata | None, list[Finding]]:
    """Read `submission.yaml`, and check it against the schema.

    Returns:
        The metadata, None where there are errors; and what is wrong, all of it at once.
    """
    try:
        data = read_yaml(text, where)
    except RefusedError as refused:
        return None, [refused.finding]
    found = _against_schema(data, where) or list(_beyond_schema(data, where))
    return (None, found) if found else (_made(data), [])


def write_metadata(metadata: Metadata) -> str:
    """Return the text of `submission.yaml`; protocols stand a line each."""
    import yaml

    plain: dict[str, Any] = {"schema_version": SCHEMA_VERSION}
    for name in Metadata.__dataclass_fields__:
        value, default = getattr(metadata, name), Metadata.__dataclass_fields__[name].default
        if value not in (default, {}) and name != "protocols":
            plain[name] = list(value) if isinstance(value, tuple) else value
    text: str = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100)
    lines = [text, "protocols:\n"]
    for name, entry in metadata.protocols.items():
        told = {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in vars(entry).items()
            if value is not None
        }
        flow = yaml.safe_dump(
            told, sort_keys=False, default_flow_style=True, width=10**6, allow_unicode=True
        )
        lines.append(f"  {json.dumps(name)}: {flow}")
    return "".join(lines)


def _made(data: dict[str, Any]) -> Metadata:
    rest = {key: value for key, value in data.items() if key != "schema_version"}
    entries = {
        name: Entry(
            **{
                **told,
                "labels": int(told["labels"]),
                "seeds": tuple(int(seed) for seed in told["seeds"]),
            }
        )
        for name, told in rest.pop("protocols").items()
    }
    return Metadata(**{**rest, "authors": tuple(rest["authors"])}, protocols=entries)


def _against_schema(data: Any, where: str) -> list[Finding]:
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(_schema())
    # One mistake that is made a thousand times need not be told as often.
    found = list(itertools.islice(validator.iter_errors(data), MOST_TOLD))
    return [
        error("schema", ", ".join([where, *(shown(str(p)) for p in each.path)]), _told(each))
        for each in found
    ]


def _beyond_schema(data: dict[str, Any], where: str) -> Iterator[Finding]:
    """Find what a schema cannot say, or not quickly."""
    for name, told in data["protocols"].items():
        if len(set(told["seeds"])) < len(told["seeds"]):
            yield error("schema", f"{where}, {name}, seeds", "a seed is named twice")
    lines = {key: value for key, value in data.items() if key not in SEVERAL_LINES}
    for key, value in lines.items():
        if any("\n" in text for text in _texts(value)):
            yield error("schema", f"{where}, {key}", "more than one line")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(key)
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _told(failed: Any) -> str:
    """Return what failed; where a pattern did, the schema's own words on what it asks."""
    asked = failed.schema.get("description", "") if isinstance(failed.schema, dict) else ""
    said = shown(failed.message, 200) if len(failed.message) > 200 else failed.message
    return said.encode("ascii", "backslashreplace").decode() + (f" ({asked})" if asked else "")


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return schema
