"""Config `proxies`: the thirteen zero-cost proxies of an untrained network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nape_bench.data.measured.base import CONFIGS, Label, LabelConfig, repeated

if TYPE_CHECKING:
    from nape_bench.data.measured.results import Results

PROXIES: dict[str, tuple[str, str]] = {
    "epe_nas": ("how alike gradients by images of a class are (Lopes et al., EPE-NAS, 2021)", ""),
    "fisher": ("Fisher information of activations (Turner et al., BlockSwap, 2020)", ""),
    "flops": ("multiply-adds of convolutions and dense layers", "multiply-adds"),
    "grad_norm": ("sum over layers of the gradient's norm (Abdelfattah et al., 2021)", ""),
    "grasp": ("what the gradient's norm loses with weights (Wang et al., GraSP, 2020)", ""),
    "jacov": ("how far gradients by images are from each other (Mellor et al., 2020)", ""),
    "l2_norm": ("sum over layers of the weights' norm (Abdelfattah et al., 2021)", ""),
    "nwot": ("log determinant of the kernel of ReLU patterns (Mellor et al., NASWOT, 2021)", ""),
    "params": ("trainable parameters", "parameters"),
    "plain": ("sum of weight times gradient (Abdelfattah et al., 2021)", ""),
    "snip": ("sum of |weight times gradient| (Lee et al., SNIP, 2019)", ""),
    "synflow": ("logarithm of the synaptic flow, without data (Tanaka et al., SynFlow, 2020)", ""),
    "zen": ("Zen-score, a logarithm of Gaussian complexity (Lin et al., Zen-NAS, 2021)", ""),
}
"""Name -> (meaning, unit). Of all, more is taken to tell of a better network, as published."""


def labels(results: Results) -> dict[str, Label]:
    """Return one label for each proxy: the mean over seeds; NaN where a seed has no value."""
    source = f"measured by nape_bench, {results.version}"
    return {
        name: repeated(results.column(name), meaning, unit, higher_is_better=True, source=source)
        for name, (meaning, unit) in PROXIES.items()
    }


CONFIGS.add("proxies", LabelConfig("proxies", "proxies", "synflow", labels))
