"""Spaces: the families that architectures come from, one file each.

A module of this package that defines a `Space` and calls `register` is a family; there is nothing
else to edit.
"""

from __future__ import annotations

from nape_bench.spaces._supernet import SupernetSpace
from nape_bench.spaces.base import Space, Spec
from nape_bench.spaces.registry import register, space, spaces

__all__ = ["Space", "Spec", "SupernetSpace", "register", "space", "spaces"]
