"""Writes golden.json: the specs of the reference graphs with what this package makes of them.

    python -m tests.spaces.golden [FOLDER OF THE REFERENCE GRAPHS]

Run it only after the folder's own compare.py has found every graph the same: from then on the
hashes hold the builders to those graphs where the reference is not at hand.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

from nape_bench.spaces import space

FILE = Path(__file__).with_name("golden.json")


def describe(family: str, spec: object) -> dict[str, object]:
    """Return what is fixed of one architecture."""
    graph = space(family).build(spec)
    return {
        "spec": spec,
        "hash": graph.hash,
        "group": graph.group,
        "nodes": len(graph),
        "edges": len(graph.edges),
        "flops": graph.flops(),
        "params": graph.params(),
    }


def main(folder: Path) -> None:
    """Write the file."""
    families = {}
    for path in sorted(folder.glob("*.jsonl.gz")):
        family = path.name.split(".")[0]
        with gzip.open(path, "rt") as lines:
            families[family] = [describe(family, json.loads(line)["spec"]) for line in lines]
    rows = [
        f"{json.dumps(family)}: [\n"
        + ",\n".join(json.dumps(record, separators=(",", ":")) for record in records)
        + "\n]"
        for family, records in families.items()
    ]
    FILE.write_text("{\n" + ",\n".join(rows) + "\n}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/golden"))
