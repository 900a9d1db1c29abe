"""Which datasets protocols can be run on now."""

from __future__ import annotations


def datasets_at_hand() -> list[tuple[str, str]]:
    """List the (dataset, config) pairs at hand, sorted: stored, in the package, downloaded."""
    from nape_bench.data import list_datasets

    at_hand = [each for each in list_datasets() if each.version is not None]
    return sorted({(each.name, each.config) for each in at_hand})
