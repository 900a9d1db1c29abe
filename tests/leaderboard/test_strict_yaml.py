"""YAML of a stranger: plain values are read, all that could harm is refused with its line."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nape_bench.leaderboard.checking.finding import RefusedError
from nape_bench.leaderboard.checking.metadata import read_metadata, write_metadata
from nape_bench.leaderboard.checking.strict_yaml import read_yaml
from tests.leaderboard.small_board import guesses, metadata

BOMB = "a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: [*b, *b, *b, *b]\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\nb: [x, -2.5, true, null, ~]", {"a": 1, "b": ["x", -2.5, True, None, None]}),
        ("date: 2026-01-02", {"date": "2026-01-02"}),
        ("on: off", {"on": "off"}),
        ("octal: 0755", {"octal": "0755"}),
        ("time: 1:30", {"time": "1:30"}),
        ("name: nullable\ntrueish: falsework", {"name": "nullable", "trueish": "falsework"}),
        ("merge: {<<: x}", {"merge": {"<<": "x"}}),
        ("s: 1.5e+3", {"s": 1500.0}),
        ("empty:", {"empty": None}),
    ],
)
def test_plain_values(text: str, value: Any) -> None:
    assert read_yaml(text, "f") == value


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (BOMB, "anchors and aliases"),
        ("a: !!python/object/apply:os.system ['echo']", "the tag"),
        ("a: !!int 3", "the tag"),
        ("a: 1\na: 2", "occurs twice"),
        ("[1, 2]: x", "a key must be text"),
        ("a: " + "[" * 40 + "]" * 40, "nested deeper"),
        ("a: [", "line 1"),
        ("a: 1\n---\nb: 2", "line 2"),
        ("a: " + "9" * 6000, "more than 18 digits"),
        ("a: 1.0e+400", "not finite"),
        ('a: "\\ud800"', "the character"),
        ('a: "x\\u202ey"', "the character"),
        ('a: "\\u200b"', "the character"),
        ('a: "\\0"', "the character"),
        ("[" + "1, " * 60001 + "1]", "more than 60,000 values"),
        ("a: \x00", "not readable|special characters"),
    ],
)
def test_harm_is_refused(text: str, told: str) -> None:
    with pytest.raises(RefusedError, match=told):
        read_yaml(text, "f")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(RefusedError):
        read_yaml(text, "f")


def test_metadata_survives_writing_and_reading() -> None:
    told = metadata(
        guesses(1.0),
        'Ünïcode: "quoted" <b>&',
        paper="https://example.org/p?a=1#b",
        remarks="two\nlines: - # {}",
        settings={"lr": 0.1, "deep": {"a": [1, 2]}},
        parameters=12,
    )
    again, findings = read_metadata(write_metadata(told))
    assert findings == []
    assert again == told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("code: https://example.org/code", "code: javascript:alert(1)", "an address that begins"),
        ("code: https://example.org/code", "code: https://x/<script>", "an address that begins"),
        ("name: Mine", "name: ''", "what a reader calls"),
        ("name: Mine", f"name: {'x' * 81}", "at most 80 characters"),
        ("schema_version: 1", "schema_version: 2", "the layout"),
        ("is_value: true", "is_value: 'yes'", "boolean"),
        ("licence: MIT", "licence: MIT\nscore: 0.99", "score"),
        ("seeds: [0, 1, 2, 3, 4]", "seeds: [0, 0]", "named twice"),
        ("seeds: [0, 1, 2, 3, 4]", "seeds: [-1]", "minimum"),
        ("labels: 50", "labels: many", "many"),
        ("fit_seconds: 2.0", "fit_seconds: 1.0e+300", "greater than"),
        ("licence: MIT", "licence: MIT\nparameters: 100000000000000000", "greater than"),
        ("licence: MIT", 'licence: "MIT\\n"', "more than one line"),
        ("version: v1.1", "version: newest", "as in v1.0"),
        ("licence: MIT", "licence: MIT\nsuperseded_by: other", "lifecycle"),
    ],
)
def test_what_the_schema_refuses_is_told_with_its_place(old: str, new: str, told: str) -> None:
    text = write_metadata(metadata(guesses(1.0)))
    assert old in text
    made, findings = read_metadata(text.replace(old, new))
    assert made is None
    assert told in " ".join(map(str, findings))
    assert all(finding.where.startswith("submission.yaml") for finding in findings)


def test_markup_and_terminal_codes_in_a_message_are_escaped() -> None:
    text = write_metadata(metadata(guesses(1.0))).replace(
        "licence: MIT", 'licence: "\\e[31m\\u202e"'
    )
    _, findings = read_metadata(text)
    assert findings
    assert all(str(finding).isascii() and "\x1b" not in str(finding) for finding in findings)
