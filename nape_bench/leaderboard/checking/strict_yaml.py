"""YAML of a stranger: plain mappings, lists, text, numbers, true, false and null; nothing else.

Anchors and aliases (bombs are made of them), tags (which may ask for code), keys that occur twice,
deep nesting, very many values, numbers that are none, and characters that are not seen or turn a
line round are refused. `on`, dates and octal numbers are text, as they look.
"""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any, ClassVar

import yaml

from nape_bench.leaderboard.checking.finding import RefusedError, shown

MOST_LEVELS = 12
"""How deep mappings and lists may lie in each other."""
MOST_NODES = 60_000
"""How many values there may be; a submission on 2,000 protocols has 50,000."""
MOST_DIGITS = 18
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Classes of characters that are not read, but for line feed and tab: controls, marks that turn
text round or take no room, halves of characters, what is private or unassigned."""


def read_yaml(text: str, where: str) -> Any:
    """Read YAML.

    Args:
        text: One document.
        where: The file, for messages.

    Raises:
        RefusedError: It is malformed, or holds what is not plain; the message gives the line.
    """
    try:
        loader = _Plain(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise RefusedError("yaml", where, _told(error)) from None
    except (ValueError, RecursionError) as error:
        raise RefusedError("yaml", where, f"not readable as YAML: {shown(str(error))}") from None


class _Plain(yaml.SafeLoader):
    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._levels = self._nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            self._refuse(event, "anchors and aliases are not read: write it out")
        if getattr(event, "tag", None) is not None:
            self._refuse(event, f"the tag {shown(event.tag)} is not read: leave it out")
        self._levels += 1
        self._nodes += 1
        if self._nodes > MOST_NODES:
            self._refuse(event, f"more than {MOST_NODES:,} values")
        if self._levels > MOST_LEVELS:
            self._refuse(event, f"nested deeper than {MOST_LEVELS} levels")
        node = super().compose_node(parent, index)
        self._levels -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, (str, int)):
                self._refuse(key_node, "a key must be text")
            if key in made:
                self._refuse(key_node, f"the key {shown(key)} occurs twice")
            made[key] = self.construct_object(value_node, deep=deep)
        return made

    def construct_scalar(self, node: Any) -> Any:
        value = super().construct_scalar(node)
        unseen = [c for c in value if unicodedata.category(c) in UNSEEN and c not in "\n\t"]
        if unseen:
            self._refuse(node, f"the character {unseen[0]!a} is not read: leave it out")
        return value

    def construct_yaml_int(self, node: Any) -> int:
        if len(node.value) > MOST_DIGITS:
            self._refuse(node, f"an integer of more than {MOST_DIGITS} digits")
        return int(node.value)

    def construct_yaml_float(self, node: Any) -> float:
        value = float(node.value)
        if not math.isfinite(value):
            self._refuse(node, "a number that is not finite")
        return value

    @staticmethod
    def _refuse(place: Any, what: str) -> None:
        raise yaml.MarkedYAMLError(problem=what, problem_mark=place.start_mark)


_Plain.add_constructor("tag:yaml.org,2002:int", _Plain.construct_yaml_int)
_Plain.add_constructor("tag:yaml.org,2002:float", _Plain.construct_yaml_float)
_Plain.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("(true|false)$"), list("tf"))
_Plain.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("(null|~|)$"), ["n", "~", ""])
_Plain.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"-?(0|[1-9][0-9]*)$"), list("-0123456789")
)
_Plain.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+([eE][-+][0-9]+)?|[eE][-+][0-9]+)$"),
    list("-0123456789"),
)


def _told(error: yaml.YAMLError) -> str:
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    line = "" if mark is None else f"line {mark.line + 1}: "
    return f"{line}{shown(problem or str(error), 160)}"
