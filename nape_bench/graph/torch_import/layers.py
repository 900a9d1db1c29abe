"""Layers with weights, normalisations, pools and activations of a traced network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nape_bench.errors import GraphError
from nape_bench.graph.onnx_import_draft import Node
from nape_bench.graph.onnx_import_values import pads_fit
from nape_bench.graph.torch_import.blocks import inside_windows, of_heads, pooled
from nape_bench.graph.torch_import.call import Call, maps, natural, over_channels
from nape_bench.graph.torch_import.values import Norm
from nape_bench.graph.torch_import.views import NO_PAD, Digit, View, axis_of, chosen
from nape_bench.graph.vocabulary import POOLS

if TYPE_CHECKING:
    from collections.abc import Callable


def conv2d(call: Call) -> View:
    """Read a convolution over maps."""
    weight = call.weight("weight")
    if weight is None:
        raise GraphError("it has no weight")
    c_out, _, *kernel = weight.shape
    groups = call.get("groups", 1)
    padding: Any = call.get("padding", 0)
    x = call.view()
    depthwise = groups == weight.shape[0] == x.sizes[-3] > 1
    how = {"groups": groups, "bias": call.get("bias") is not None}
    return window(call, "Depthwise" if depthwise else "Conv", c_out, tuple(kernel), padding, **how)


def window(
    call: Call, op: str, c_out: int, kernel: tuple[int, ...], padding: Any, **how: Any
) -> View:
    """Add a convolution or a pool, with the padding before it."""
    heads = of_heads(call.view())
    if heads is not None and op != "Conv":
        return _over_heads(call, heads, op, c_out, kernel, padding, **how)
    given = call.view()
    if given.pad != NO_PAD and not _reads_fill(op, given.fill):
        raise GraphError(f"it reads maps padded with {given.fill:g}")
    x = maps(call, given._replace(pad=NO_PAD, fill=0.0))
    own = (kernel[0], kernel[-1]) if op in POOLS else 1
    stride = call.pair("stride", own)
    dilations = call.pair("dilation", 1)
    told = {d for d, taps in zip(dilations, kernel, strict=True) if taps > 1}
    if len(told) > 1:
        raise GraphError(f"its dilations are {dilations}: a graph has one for both axes")
    dilation = told.pop() if told else 1
    h, w = call.out[-2:]
    seen = call.desk.seen(x)
    missing, asked = [], []
    for axis, out in enumerate((h, w)):
        reach = dilation * (kernel[axis] - 1) + 1
        lacking = (out - 1) * stride[axis] + reach - seen[axis]
        missing.append(lacking)
        asked.append((max(0, lacking) // 2, max(0, lacking) - max(0, lacking) // 2))
    pads = _pads(padding, asked)
    before = tuple(own + added for own, added in zip(pads, given.pad, strict=True))
    pads_fit(missing, (before[0], before[1], before[2], before[3]), asked)
    settings = {"kernel": kernel, "stride": stride, "dilation": dilation, **how}
    number = call.desk.node(op, x, (h, w, c_out), **settings)
    return call.desk.fresh(number, (h, w, c_out), "nchw"[-len(x.dims) :])


def _over_heads(
    call: Call,
    x: View,
    op: str,
    width: int,
    kernel: tuple[int, ...],
    padding: Any,
    **how: Any,
) -> View:
    """Add one node for what reads the channels of each head by itself, each channel apart.

    Weights that heads share count for each of them.
    """
    heads = x.sizes[1] // width
    if "groups" in how:
        how["groups"] *= heads
    whole = Call(call.op, {**call.given, next(iter(call.given)): x}, call.out, call.desk)
    made = window(whole, op, x.sizes[1], kernel, padding, **how)
    outer = tuple(d for d in call.view().dims[0] if d.axis == "n")
    apart = (*outer, Digit("c", heads, width))
    return made._replace(dims=(apart, axis_of("c", width), *made.dims[2:]))


def _reads_fill(op: str, fill: float) -> bool:
    """Return whether a window takes these pixels for padding.

    That a max pool reads noughts there, and not what is least, is kept no more than mirrored rows.
    """
    return fill == 0 or (op == "Maxpool" and fill <= -1e30)


def _pads(padding: Any, asked: list[tuple[int, int]]) -> tuple[int, int, int, int]:
    if padding == "same":
        return asked[0][0], asked[1][0], asked[0][1], asked[1][1]
    if padding == "valid":
        return NO_PAD
    values = [padding] if isinstance(padding, int) else list(padding)
    return values[0], values[-1], values[0], values[-1]


def conv1d(call: Call) -> View:
    """Read a convolution over a sequence: one over maps of one column."""
    weight, x = call.weight("weight"), call.view()
    if weight is None:
        raise GraphError("it has no weight")
    c_out, _, taps = weight.shape
    seen = call.desk.arranged(x, "nch"[-len(x.dims) :])
    groups, length = call.get("groups", 1), call.out[-1]
    how: dict[str, Any] = {"groups": groups, "bias": call.get("bias") is not None}
    how |= {"kernel": (taps, 1), "stride": (call.pair("stride", 1)[0], 1)}
    how["dilation"] = call.pair("dilation", 1)[0]
    op = "Depthwise" if groups == c_out == seen.sizes[-2] > 1 else "Conv"
    number = call.desk.node(op, seen, (length, 1, c_out), **how)
    return call.desk.fresh(number, (length, 1, c_out), "nch"[-len(x.dims) :])


def conv_transpose2d(call: Call) -> View:
    """Read a transposed convolution."""
    weight = call.weight("weight")
    if weight is None:
        raise GraphError("it has no weight")
    x, groups = maps(call, call.view()), call.get("groups", 1)
    h, w = call.out[-2:]
    out = (h, w, weight.shape[1] * groups)
    how = {"kernel": weight.shape[2:], "stride": call.pair("stride", 1), "groups": groups}
    number = call.desk.node("Deconv", x, out, bias=call.get("bias") is not None, **how)
    return call.desk.fresh(number, out, "nchw"[-len(x.dims) :])


def linear(call: Call) -> View:
    """Read a dense layer over the last axis."""
    weight = call.weight("weight")
    if weight is None or len(weight.shape) != 2:
        raise GraphError("its weight is no matrix")
    return dense(call, call.view(), weight.shape[0], bias=call.get("bias") is not None)


def dense(call: Call, x: View, c_out: int, *, bias: bool) -> View:
    """Add a dense layer; over flattened maps it is a convolution whose kernel is the whole map."""
    last = len(x.dims) - 1
    digits = [digit for digit in x.dims[last] if digit.axis in "hw"]
    alone = not any(d.axis != "n" for dim in x.dims[:last] for d in dim)
    if digits and alone:
        whole = call.desk.settled(x, exact=True)
        h, w, _ = call.desk.seen(whole)
        how: dict[str, Any] = {"kernel": (h, w), "bias": bias}
        number = call.desk.node("Conv", whole, (1, 1, c_out), **how)
        return View(number, (*x.dims[:last], axis_of("c", c_out)))
    seen = over_channels(call, x, last)
    h, w, _ = call.desk.seen(seen)
    number = call.desk.node("MatMul", seen, (h, w, c_out), bias=bias)
    return View(number, (*seen.dims[:last], axis_of("c", c_out)))


def batch_norm(call: Call) -> View:
    """Read a BatchNorm."""
    return _same_channels(call, "BatchNorm", 1)


def group_norm(call: Call) -> View:
    """Read a GroupNorm."""
    return _same_channels(call, "GroupNorm", 1, groups=call.get("num_groups", 1))


def instance_norm(call: Call) -> View:
    """Read an InstanceNorm, which is a GroupNorm of one channel a group."""
    return _same_channels(call, "GroupNorm", 1, groups=call.view().sizes[1])


def _same_channels(call: Call, op: str, dim: int, **how: Any) -> View:
    x = over_channels(call, call.view(), dim)
    return View(call.desk.node(op, x, **how), x.dims)


def vector_norm(op: str) -> Callable[[Call], View]:
    """Return what reads a LayerNorm or RMSNorm, over all channels or those of a head."""

    def read(call: Call) -> View:
        shape = call.get("normalized_shape")
        if len(shape) == 3:
            x = maps(call, call.view())
            return View(call.desk.node("GroupNorm", x), x.dims)
        if len(shape) != 1:
            raise GraphError(f"it normalises over {shape}")
        return normalised(call, call.view(), op, len(call.view().dims) - 1)

    return read


def normalised(call: Call, x: View, op: str, dim: int) -> View:
    """Add a normalisation over channels, or over a head's."""
    settled = call.desk.settled(x)
    own = settled.dims[dim]
    c = call.desk.seen(settled)[2]
    part = len(own) == 1 and own[0].axis == "c" and own[0].stride == 1 and own[0].size < c
    if part:
        return View(call.desk.node(op, settled, groups=c // own[0].size), settled.dims)
    seen = over_channels(call, x, dim)
    return View(call.desk.node(op, seen), seen.dims)


def pointwise(op: str) -> Callable[[Call], View]:
    """Return what reads an operator that keeps shapes and has no settings that a graph keeps."""

    def read(call: Call) -> View:
        x = call.desk.settled(call.view())
        return View(call.desk.node(op, x), x.dims)

    return read


def clip(call: Call) -> View:
    """Read a hardtanh or clamp."""
    low = call.get("min_val", call.get("min", -1.0 if call.op.startswith("hardtanh") else -1e38))
    high = call.get("max_val", call.get("max", 1.0 if call.op.startswith("hardtanh") else 1e38))
    if not all(isinstance(bound, int | float) for bound in (low, high)):
        raise GraphError("it clips to bounds that are tensors")
    if low == 0 and high == 6:
        return pointwise("ReLU6")(call)
    if low == 0 and high > 1e30:
        return pointwise("ReLU")(call)
    raise GraphError(f"it clips to [{low:g}, {high:g}]: [0, 6] is ReLU6, [0, inf) is ReLU")


def hard_sigmoid(call: Call) -> View:
    """Read an h-sigmoid, which is a ReLU6 where it gates."""
    x = call.desk.settled(call.view())
    return View(call.desk.node("ReLU6", x, hard="whole"), x.dims)


def hard_swish(call: Call) -> View:
    """Read an h-swish: Mul(x, ReLU6(x))."""
    desk = call.desk
    x = desk.settled(call.view())
    shape = desk.seen(x)
    gate = desk.node("ReLU6", x, hard="whole")
    number = desk.draft.add(Node("Mul", shape, shape, desk.label, [x.node, gate]))
    return View(number, x.dims)


def max_pool(call: Call) -> View:
    """Read a max pool."""
    kernel = call.pair("kernel_size")
    inside = inside_windows(call, "Maxpool", kernel)
    if inside is not None:
        return inside
    return window(call, "Maxpool", call.view().sizes[-3], kernel, call.get("padding", 0))


def avg_pool(call: Call) -> View:
    """Read an average pool; whether padding counts in its mean is not kept."""
    kernel = call.pair("kernel_size")
    inside = inside_windows(call, "Avgpool", kernel)
    if inside is not None:
        return inside
    return window(call, "Avgpool", call.view().sizes[-3], kernel, call.get("padding", 0))


def adaptive_pool(op: str) -> Callable[[Call], View]:
    """Return what reads an adaptive pool: a mean over all pixels, or a pool of even windows."""

    def read(call: Call) -> View:
        x = maps(call, call.view())
        h, w, c = call.desk.seen(x)
        out = call.pair("output_size")
        roles = "nchw"[-len(x.dims) :]
        if out == (h, w):
            return x
        if out == (1, 1) and op == "Avgpool":
            return call.desk.fresh(call.desk.node("Mean", x, (1, 1, c)), (1, 1, c), roles)
        if h % out[0] or w % out[1]:
            raise GraphError(f"it pools {h} x {w} pixels to {out}, in windows of several sizes")
        kernel = (h // out[0], w // out[1])
        number = call.desk.node(op, x, (*out, c), kernel=kernel, stride=kernel)
        return call.desk.fresh(number, (*out, c), roles)

    return read


def avg_pool1d(call: Call) -> View:
    """Read an average pool over a sequence."""
    roles = "nch"[-len(call.view().dims) :]
    x = call.desk.arranged(call.view(), roles)
    out = (call.out[-1], 1, call.desk.seen(x)[2])
    taps = call.pair("kernel_size")[0]
    how: dict[str, Any] = {"kernel": (taps, 1), "stride": (call.pair("stride", taps)[0], 1)}
    return call.desk.fresh(call.desk.node("Avgpool", x, out, **how), out, roles)


def root(call: Call) -> Any:
    """Read a root of a sum of squares, which is the length of vectors, or its inverse."""
    value = call.first()
    if not isinstance(value, Norm):
        raise GraphError("it takes a root of what is no length of vectors")
    return value


def _over_channels(call: Call, op: str, x: View, dim: int) -> Any:
    """Read a mean over channels: of squares, which is the length of vectors; or of a few."""
    node = call.desk.draft.nodes[x.node]
    if node.op == "Mul" and len(set(node.reads)) == 1 and x.dims[dim]:
        return Norm(x._replace(node=node.reads[0]), dim)
    if op != "mean":
        raise GraphError("it takes a maximum over channels")
    result = summed(call)
    return result._replace(factor=result.factor / x.sizes[dim])


def reduced(op: str) -> Callable[[Call], Any]:
    """Return what reads a mean or maximum over pixels, or a sum of a few channels."""

    def read(call: Call) -> Any:
        x = call.view()
        dims = call.get("dim", list(range(len(x.dims))))
        dims = [dims] if isinstance(dims, int) else dims
        word = "Global" if list(dims) == [3, 2] else "Mean"  # as `to_torch` writes it
        dims = sorted(dim % len(x.dims) for dim in dims)
        away = [digit for dim in dims for digit in x.dims[dim]]
        kept = [d for at, dim in enumerate(x.dims) if at not in dims for d in dim]
        keepdim = bool(call.get("keepdim", False))
        if len(dims) == 1 and all(d.axis == "c" for d in away):
            return _over_channels(call, op, x, dims[0])
        if away and all(d.axis in "hw" for d in away) and any(d.axis in "hw" for d in kept):
            made = pooled(call, "Avgpool" if op == "mean" else "Maxpool", x, dims)
            for dim in dims if keepdim else ():
                made = made._replace(dims=(*made.dims[:dim], (), *made.dims[dim:]))
            return made
        if any(d.axis not in "hw" for d in away) or any(d.axis in "hw" for d in kept):
            raise GraphError(f"it takes the {op} over axes {dims}: over all pixels is expected")
        whole = call.desk.settled(x)
        h, w, c = call.desk.seen(whole)
        out = (1, 1, c)
        if op == "mean":
            number = call.desk.node(word, whole, out)
        else:
            number = call.desk.node("Maxpool", whole, out, kernel=(h, w), stride=(1, 1))
        left = [
            () if at in dims else dim
            for at, dim in enumerate(whole.dims)
            if keepdim or at not in dims
        ]
        return View(number, tuple(left))

    return read


def sum_of(call: Call) -> Any:
    """Read a sum: of squares, which is the length of vectors, or of a few parts of the channels."""
    x, dims = call.view(), call.get("dim", [])
    node = call.desk.draft.nodes[x.node]
    if len(dims) == 1 and node.op == "Mul" and len(set(node.reads)) == 1 and x.dims[dims[0]]:
        return Norm(x._replace(node=node.reads[0]), dims[0] % len(x.dims))
    return summed(call)


def summed(call: Call) -> View:
    """Read a sum over a few parts of the channels, an Add of slices, or over pixels, a mean."""
    x = call.view()
    dims = call.get("dim", [])
    dims = [dims] if isinstance(dims, int) else list(dims)
    if len(dims) != 1:
        raise GraphError(f"it sums over axes {dims}")
    dim = dims[0] % len(x.dims)
    digits = x.dims[dim]
    if digits and all(digit.axis in "hw" for digit in digits):
        mean: View = reduced("mean")(call)
        return mean._replace(factor=mean.factor * x.sizes[dim])
    if not digits and len(x.dims):
        return x._replace(dims=x.dims[:dim] + x.dims[dim + 1 :])
    if len(digits) != 1 or digits[0].axis != "c" or digits[0].size > 8:
        raise GraphError("it sums over pixels, or over many channels")
    parts = [call.desk.settled(chosen(x, dim, at)) for at in range(digits[0].size)]
    shape = call.desk.seen(parts[0])
    reads = [part.node for part in parts]
    number = call.desk.draft.add(Node("Add", shape, shape, call.desk.label, reads))
    result = View(number, parts[0].dims)
    if call.get("keepdim", False):
        result = result._replace(dims=(*result.dims[:dim], (), *result.dims[dim:]))
    return result


def softmax(call: Call) -> View:
    """Read a softmax outside of attention."""
    x = call.desk.settled(call.view())
    return View(call.desk.node("Softmax", x), x.dims)


def resize(call: Call) -> View:
    """Read an interpolation."""
    x = maps(call, call.view())
    h, w = call.out[-2:]
    out = (h, w, call.desk.seen(x)[2])
    if out == call.desk.seen(x):
        return x
    return call.desk.fresh(call.desk.node("Resize", x, out), out, "nchw"[-len(x.dims) :])


def blocks(op: str) -> Callable[[Call], View]:
    """Return what reads a pixel shuffle, or what undoes it."""

    def read(call: Call) -> View:
        x = maps(call, call.view())
        c, h, w = call.out[-3:]
        return call.desk.fresh(call.desk.node(op, x, (h, w, c)), (h, w, c), "nchw"[-len(x.dims) :])

    return read


def roll(call: Call) -> View:
    """Read a cyclic shift of rows and columns."""
    x = natural(call, call.view())
    shifts, dims = call.get("shifts"), call.get("dims", [])
    sizes = dict(zip("hw", call.desk.seen(x)[:2], strict=True))
    moved = {"h": 0, "w": 0}
    for shift, dim in zip(shifts, dims, strict=True):
        axes = {digit.axis for digit in x.dims[dim]}
        if len(axes) != 1 or not axes <= {"h", "w"}:
            raise GraphError("it rolls what is neither rows nor columns")
        axis = axes.pop()
        moved[axis] = shift % sizes[axis]
    if not any(moved.values()):
        return x
    number = call.desk.node("Roll", x, kernel=(moved["h"], moved["w"]))
    return View(number, x.dims)


def vector_length(call: Call) -> Any:
    """Read the length of vectors, by which they are divided next."""
    dims = call.get("dim", [])
    if call.get("ord", 2) not in (2, 2.0) or len(dims) != 1:
        raise GraphError("it takes a norm other than the length of vectors")
    x = call.view()
    return Norm(x, dims[0] % len(x.dims))
