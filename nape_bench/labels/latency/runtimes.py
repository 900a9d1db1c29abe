"""Runtimes: a graph's network with random weights, ready to be run in each."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from nape_bench.errors import NapeError
from nape_bench.registry import unknown_name

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from nape_bench.graph import ArchGraph
    from nape_bench.labels.latency.settings import LatencySettings

    Call = Callable[[], np.ndarray]

TOLERANCE = 0.01
"""Largest difference of outputs that is not asked about, as a share of the largest."""

ROUNDING = 10
"""A runtime may be so many times further from the outputs in float64 than torch is."""

SIDE = 512
"""Rows and columns of the matrices whose product tells how fast the machine is."""


def prepare(graph: ArchGraph, settings: LatencySettings, seed: int) -> dict[tuple[str, int], Call]:
    """Make a graph's network, and return what runs it.

    Weights are drawn as `to_torch` does, images from a normal distribution. Weights drawn at random
    let activations of deep networks grow beyond float32, or shrink until processors take tens of
    times as long for them, so BatchNorm takes its statistics from the images, as training does.

    Args:
        graph: What to run.
        settings: Runtimes and batches.
        seed: What weights and images are drawn from.

    Returns:
        A call for each (runtime, batch), which gives the network's output.

    Raises:
        NapeError: onnxruntime is not installed, or the runtimes' outputs differ or are not finite.
        GraphError: An operation has no counterpart.
        UnknownNameError: There is no such runtime.
    """
    for name in settings.runtimes:
        if name not in _RUNTIMES:
            raise unknown_name("runtime", name, _RUNTIMES)
    module, images = _network(graph, settings, seed)
    calls = {
        (name, batch): _RUNTIMES[name](graph, module, images[:batch])
        for batch in settings.batches
        for name in settings.runtimes
    }
    _compare(calls, module, images)
    return calls


def standard_work() -> Call:
    """Return a call whose time tells how fast the machine is: a product of two matrices."""
    import torch

    x = torch.ones(SIDE, SIDE)

    def call() -> np.ndarray:
        result: np.ndarray = torch.mm(x, x).numpy()
        return result

    return call


def check_runtimes(settings: LatencySettings) -> None:
    """Make sure that the runtimes can be imported.

    Raises:
        NapeError: onnxruntime is not installed; the message says how to.
    """
    if "onnxruntime" in settings.runtimes:
        _onnxruntime()


def _network(
    graph: ArchGraph, settings: LatencySettings, seed: int
) -> tuple[torch.nn.Module, torch.Tensor]:
    """Return the network in eval mode, and images."""
    import torch

    sizes = [int(graph.column(name)[0]) for name in ("c_in", "h_in", "w_in")]
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        module = graph.to_torch()
        count = max(settings.calibration_images, *settings.batches)
        images = torch.randn(count, *sizes)
        norms = [m for m in module.modules() if isinstance(m, torch.nn.BatchNorm2d)]
        for norm in norms:
            norm.momentum = None  # the statistics of all batches so far, and so of one
        module(images[: settings.calibration_images])
    return module.eval(), images


def _torch_call(graph: ArchGraph, module: torch.nn.Module, images: torch.Tensor) -> Call:  # noqa: ARG001 (runtimes share a signature)
    """Return torch eager on contiguous float32 images; the caller sets its threads."""
    import torch

    images = images.contiguous()

    def call() -> np.ndarray:
        with torch.inference_mode():
            result: np.ndarray = module(images).numpy()
        return result

    return call


def _onnxruntime_call(graph: ArchGraph, module: torch.nn.Module, images: torch.Tensor) -> Call:
    """Return onnxruntime on the processor, one thread, batch size fixed, all optimisations on."""
    ort = _onnxruntime()
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    model = graph.to_onnx(module=module, batch=len(images)).SerializeToString()
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    given = {"images": np.ascontiguousarray(images.numpy())}

    def call() -> np.ndarray:
        result: np.ndarray = session.run(None, given)[0]
        return result

    return call


def _onnxruntime() -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise NapeError(
            "latency is measured in onnxruntime too, which is not installed: "
            "pip install 'nape-bench[latency]'"
        ) from None
    return onnxruntime


_RUNTIMES = {"torch": _torch_call, "onnxruntime": _onnxruntime_call}


def _compare(
    calls: dict[tuple[str, int], Call], module: torch.nn.Module, images: torch.Tensor
) -> None:
    """Make sure that all runtimes compute the same but for rounding, and no value is infinite.

    Deep networks with random weights are chaotic: through 500 nodes the rounding of float32 may
    grow to the size of the output. So where runtimes differ, both are compared with float64.
    """
    expected: dict[int, np.ndarray] = {}
    for (name, batch), call in calls.items():
        result = np.array(call())
        if not np.isfinite(result).all():
            raise NapeError(f"{name} puts out values that are not finite with random weights")
        first = expected.setdefault(batch, result)
        apart = float(np.abs(result - first).max())
        largest = float(np.abs(first).max())
        if apart <= TOLERANCE * largest:
            continue
        exact = _in_float64(module, images[:batch])
        rounding = float(np.abs(first - exact).max())
        if float(np.abs(result - exact).max()) > ROUNDING * rounding:
            raise NapeError(
                f"{name} and another runtime differ by {apart:.3g} in outputs up to {largest:.3g}, "
                f"of which rounding explains {rounding:.3g}"
            )


def _in_float64(module: torch.nn.Module, images: torch.Tensor) -> np.ndarray:
    import torch

    with torch.inference_mode():
        result: np.ndarray = copy.deepcopy(module).double()(images.double()).numpy()
    return result
