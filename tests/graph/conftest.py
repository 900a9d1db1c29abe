"""Shared by tests of graphs: each family in turn."""

from __future__ import annotations

import pytest

from nape_bench.spaces import Space, space, spaces


@pytest.fixture(params=sorted(spaces()))
def family(request: pytest.FixtureRequest) -> Space:
    return space(request.param)
