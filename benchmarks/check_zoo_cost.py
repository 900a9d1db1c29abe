"""FLOPs and parameters of torchvision's networks, beside those that it publishes.

Needs `pip install -r benchmarks/zoo-requirements.txt`. Each network is traced at the size at which
its weights were evaluated: `python benchmarks/check_zoo_cost.py`. Parameters that the levels of a
detector share are counted once here, and at each level by `ArchGraph.params`.
"""

from __future__ import annotations

from zoo_torchvision import weight_sets


def main() -> None:
    """Compare, a line for each set of weights, and count what agrees within 1 %."""
    near = {"GFLOPs": 0, "parameters": 0, "parameters of the graph": 0}
    total = 0
    for each in weight_sets():
        own = each.graph.params()
        differences = {
            "GFLOPs": each.graph.flops() / 1e9 / each.gflops - 1,
            "parameters": (own - each.repeated) / each.params - 1,
            "parameters of the graph": own / each.params - 1,
        }
        total += 1
        for what, difference in differences.items():
            near[what] += abs(difference) <= 0.01
        mark = "" if max(map(abs, differences.values())) <= 0.01 else "  <--"
        told = ", ".join(f"{what} {difference:+.2%}" for what, difference in differences.items())
        print(f"{each.model}/{each.weights} at {each.resolution}: {told}{mark}", flush=True)
    print(", ".join(f"{what} of {count} of {total} within 1 %" for what, count in near.items()))


if __name__ == "__main__":
    main()
