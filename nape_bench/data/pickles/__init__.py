"""Reading the pickles of GENNAPE, AIO-P, AutoGO and others without running what is in them.

A pickle is a program for a stack machine, and the usual one calls whatever the program names. The
machine here (`machine`) knows data opcodes, and a few names (`symbols`) that stand for inert
records, ranges, numbers and arrays; it refuses every other opcode and name, calls nothing, and
bounds size, depth and memory (`limits`).

Python's own `pickle.Unpickler`, restricted by `find_class`, holds all that it has read until the
end: its memo, which grows by 2,000 values a graph, cannot be cut. Here entries of a list come one
by one, and what nothing refers to any more is forgotten (`references`, `memo`). What stands in a
file a million times is worked out once (`repeats`), which makes up for the interpreter's slowness.
"""

from __future__ import annotations

from nape_bench.data.pickles.limits import Limits
from nape_bench.data.pickles.reader import (
    Entry,
    read_entries,
    read_items,
    read_object,
    read_objects,
)
from nape_bench.data.pickles.values import Array, Pairs, Record, Twin

__all__ = [
    "Array",
    "Entry",
    "Limits",
    "Pairs",
    "Record",
    "Twin",
    "read_entries",
    "read_items",
    "read_object",
    "read_objects",
]
