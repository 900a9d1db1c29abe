"""Picture: an SVG as text, which a notebook shows as a picture."""

from __future__ import annotations


class Picture(str):
    """An SVG that stands on its own; as a value of a notebook's cell it is shown."""

    __slots__ = ()

    def _repr_svg_(self) -> str:
        """Return itself, for notebooks."""
        return str(self)
