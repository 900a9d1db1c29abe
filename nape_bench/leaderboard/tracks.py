"""Tracks: protocols that one mean goes over, by the rule of the table of recorded baselines."""

from __future__ import annotations

from nape_bench.evaluation.protocols import protocol_families
from nape_bench.evaluation.recording.card import DEVICES, group_of


def track_of(protocol: str) -> str:
    """Return the name of a protocol's track: "in-family/*", "hw/fbnet-0/*"."""
    return (
        f"{protocol.rpartition('/')[0]}/*" if protocol.startswith(DEVICES) else group_of(protocol)
    )


def track_title(track: str) -> str:
    """Return what a track's protocols are for, in one line."""
    return protocol_families()[track.partition("/")[0]].title


def in_order(tracks: set[str]) -> list[str]:
    """Return tracks in the order in which `nape-bench protocols` lists their kinds."""
    kinds = list(protocol_families())
    return sorted(tracks, key=lambda track: (kinds.index(track.partition("/")[0]), track))
