"""FLOPs and parameters of torchvision's classifiers, beside those that it publishes.

Needs `pip install -r benchmarks/zoo-requirements.txt`. Each model is traced at the size at which
its weights were evaluated: `python benchmarks/check_zoo_cost.py ['vit_*']`.
"""

from __future__ import annotations

import fnmatch
import sys

from zoo_models import images, import_torchvision, torchvision_model

from nape_bench.graph import ArchGraph


def main() -> None:
    """Compare, a line for each set of weights, and count what agrees within 1 %."""
    models = import_torchvision().models
    match = sys.argv[1] if len(sys.argv) > 1 else "*"
    near = {"GFLOPs": 0, "parameters": 0}
    total = 0
    for name in fnmatch.filter(models.list_models(module=models), match):
        for weights in models.get_model_weights(name):
            size = weights.transforms.keywords["crop_size"]
            how = {"image_size": size} if name.startswith("vit") else {}
            module = torchvision_model(models, name, **how)
            graph = ArchGraph.from_torch(module, images((size, size)))
            meta = weights.meta
            flops = graph.flops() / 1e9 / meta["_ops"] - 1
            params = graph.params() / meta["num_params"] - 1
            total += 1
            near["GFLOPs"] += abs(flops) <= 0.01
            near["parameters"] += abs(params) <= 0.01
            mark = "" if max(abs(flops), abs(params)) <= 0.01 else "  <--"
            print(f"{weights} at {size}: FLOPs {flops:+.2%}, parameters {params:+.2%}{mark}",
                  flush=True)  # fmt: skip
    print(", ".join(f"{what} of {count} of {total} within 1 %" for what, count in near.items()))


if __name__ == "__main__":
    main()
