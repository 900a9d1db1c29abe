"""What is imported when: opening a dataset is faster than importing pandas or torch."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("pandas", "torch", "torch_geometric", "datasets", "sklearn", "scipy", "huggingface_hub")


def test_heavy_libraries_are_left_alone() -> None:
    program = f"""
import sys
import nape_bench, nape_bench.data
assert "pyarrow" not in sys.modules
ds = nape_bench.load_dataset("nape/hiaml")
ds["train"].graphs.flops(), ds["train"].y, ds["train"].select([1, 0]).ids
print([name for name in {HEAVY} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (done.stdout.decode().strip(), done.stderr.decode()) == ("[]", "")
