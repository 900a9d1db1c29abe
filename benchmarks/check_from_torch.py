"""How many models of torchvision and timm convert: `python benchmarks/check_from_torch.py timm`.

Needs `pip install -r benchmarks/zoo-requirements.txt`. Models are built on the meta device, and
each line says how long the conversion took, nodes, parameters against the module's own, or what
stops it.

    python benchmarks/check_from_torch.py torchvision
    python benchmarks/check_from_torch.py timm                  # one of each architecture file
    python benchmarks/check_from_torch.py timm --match 'vit_*'
"""

from __future__ import annotations

import argparse
import fnmatch
import time
from typing import TYPE_CHECKING, Any

from zoo_models import images, import_torchvision, torchvision_model, without_weights

from nape_bench.graph import ArchGraph

if TYPE_CHECKING:
    from collections.abc import Iterator


def torchvision_models(match: str) -> Iterator[tuple[str, Any, tuple[int, int]]]:
    """Yield name, module and image size of torchvision's classifiers."""
    models = import_torchvision().models
    for name in models.list_models(module=models):
        if fnmatch.fnmatch(name, match):
            size = {"inception_v3": 299}.get(name, 256 if name.startswith("swin_v2") else 224)
            yield name, torchvision_model(models, name), (size, size)


def timm_models(match: str, *, every: bool) -> Iterator[tuple[str, Any, tuple[int, int]]]:
    """Yield name, module and image size of timm's models, the smallest of each file by default."""
    import_torchvision()
    import timm

    for family in timm.list_modules():
        names = [n for n in timm.list_models(module=family) if fnmatch.fnmatch(n, match)]
        sized = []
        for name in names:
            with without_weights():
                try:
                    module = timm.create_model(name, pretrained=False)
                except Exception as error:
                    print(f"  {name}: not built: {type(error).__name__}: {error}")
                    continue
            if every:
                yield f"{family}/{name}", module, module.default_cfg["input_size"][1:]
            sized.append((sum(p.numel() for p in module.parameters()), name, module))
            if len(sized) == 8 and not every:
                break
        if sized and not every:
            _, name, module = min(sized, key=lambda row: row[0])
            yield f"{family}/{name}", module, module.default_cfg["input_size"][1:]


def main() -> None:
    """Convert, and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("zoo", choices=["torchvision", "timm"])
    parser.add_argument("--match", default="*", help="names of models to take (*)")
    parser.add_argument("--every", action="store_true", help="every model, not one of each file")
    args = parser.parse_args()
    if args.zoo == "torchvision":
        found = torchvision_models(args.match)
    else:
        found = timm_models(args.match, every=args.every)
    done = total = 0
    for name, module, size in found:
        total += 1
        start = time.perf_counter()
        try:
            graph = ArchGraph.from_torch(module, images(size))
        except Exception as error:
            # Whatever stops one model is told, and the next one is tried.
            print(f"FAIL {name}: {type(error).__name__}: {str(error)[:600]}", flush=True)
            continue
        done += 1
        own = sum(p.numel() for p in module.parameters())
        took = time.perf_counter() - start
        print(
            f"ok   {name}: {took:.1f} s, {len(graph)} nodes, {graph.flops() / 1e9:.3f} GFLOPs, "
            f"{graph.params() / 1e6:.2f} M parameters ({graph.params() / own - 1:+.2%})",
            flush=True,
        )
    print(f"{done} of {total} convert")


if __name__ == "__main__":
    main()
