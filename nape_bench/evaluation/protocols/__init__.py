"""Families of protocols, one file each.

A module of this package that calls `add_family` is a family; there is nothing else to edit.
"""

from __future__ import annotations

from nape_bench.evaluation.protocols.registry import (
    add_family,
    known_protocols,
    protocol,
    protocol_families,
)

__all__ = ["add_family", "known_protocols", "protocol", "protocol_families"]
