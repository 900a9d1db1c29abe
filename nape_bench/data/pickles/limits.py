"""What a pickle may ask for at most."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds that a file must keep.

    They leave the papers' files room (the largest entries seen have 160 KB, 60,000 opcodes, 30,000
    values and a depth of 6) and keep what a hostile file can make the reader hold to a few hundred
    megabytes.

    Attributes:
        entry_bytes: Bytes of one entry of the list, or of a whole pickle that is no list.
        opcodes: Opcodes of one entry.
        depth: How deep values are nested.
        objects: Values of an entry, those that stand in several places counted in each.
        remembered: Values, so counted, that later entries may refer back to.
        references: Different places of earlier values that a file refers back to.
        integer_bytes: Bytes of an integer.
        array_items: Items of an array.
        least_protocol: The oldest protocol that is read.
        plain_values: Whether numbers, and pairs of a text and a number, may be keys of dictionaries
            and ordered dictionaries be read: for files of plain values, not of graphs.
    """

    entry_bytes: int = 16 << 20
    opcodes: int = 1_000_000
    depth: int = 40
    objects: int = 1_000_000
    remembered: int = 2_000_000
    references: int = 4_000_000
    integer_bytes: int = 8
    array_items: int = 100_000
    least_protocol: int = 3
    plain_values: bool = False
