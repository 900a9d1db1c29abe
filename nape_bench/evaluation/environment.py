"""Versions of what a result was made with; nothing is imported to find them."""

from __future__ import annotations

import platform
from importlib import metadata

from nape_bench import __version__

PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "torch-geometric", "pyarrow", "datasets")
"""Packages on which numbers depend."""


def environment() -> dict[str, str]:
    """Return versions by name; packages that are not installed are left out."""
    found = {package: _version(package) for package in PACKAGES}
    return {
        "nape-bench": __version__,
        "python": platform.python_version(),
        **{package: version for package, version in found.items() if version is not None},
        "machine": f"{platform.system()} {platform.machine()}",
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
