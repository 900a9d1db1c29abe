"""Sums, products and concatenations of a traced network, and constants in them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from nape_bench.errors import GraphError
from nape_bench.graph.onnx_import_draft import Node
from nape_bench.graph.torch_import.call import natural
from nape_bench.graph.torch_import.layers import normalised
from nape_bench.graph.torch_import.rotary import behind_others, pairs, times_cosines, turned
from nape_bench.graph.torch_import.values import Norm, Relative, Scores, Turning, Weight
from nape_bench.graph.torch_import.views import (
    Digit,
    View,
    merged,
    roles_of,
)

if TYPE_CHECKING:
    from nape_bench.graph.torch_import.call import Call
    from nape_bench.graph.torch_import.values import Value


def add(call: Call) -> Value:
    """Read a sum or difference."""
    one, other = call.first(), call.get("other")
    if isinstance(one, Turning) and isinstance(other, Turning):
        return turned(one, other)
    attended = _in_attention(one, other)
    if attended is not None:
        return attended
    told = call.get("alpha")
    if isinstance(told, float) and isinstance(one, View) and isinstance(other, View):
        longer = _longer(call, one, other) if told == 1 else None
        if longer is not None:
            return longer
    alpha = call.get("alpha", 1) * (-1 if call.op in ("sub", "rsub") else 1)
    if call.op == "rsub":
        one, other = other, one
    if isinstance(one, View) and isinstance(other, View):
        if alpha != 1:
            other = other._replace(factor=other.factor * alpha)
        return _joined(call, "Add", one, other)
    if isinstance(other, View):
        one, other = other._replace(factor=other.factor * alpha), one
        alpha = 1
    return _plus(call, one, other, alpha)


def _longer(call: Call, one: View, other: View) -> View | None:
    """Return the sum that `one` is with another summand, as `to_torch` writes it, else None."""
    draft = call.desk.draft
    before, added = draft.nodes[one.node], call.desk.settled(other)
    if before.op != "Add" or before.shape_out != draft.nodes[added.node].shape_out:
        return None
    shape = before.shape_out
    node = Node("Add", shape, shape, call.desk.label, [*before.reads, added.node])
    return View(draft.add(node), one.dims)


def multiply(call: Call) -> Value:
    """Read a product."""
    one, other = call.first(), call.get("other")
    for x, length in ((one, other), (other, one)):
        if isinstance(x, View) and isinstance(length, Norm):
            return _unit(call, x, length)
    attended = _in_attention(one, other)
    if attended is not None:
        return attended
    if isinstance(one, View) and isinstance(other, View):
        return _joined(call, "Mul", one, other)
    if isinstance(one, Turning) and one.part == "pairs" and isinstance(other, Weight):
        return one._replace(part="sines")
    if isinstance(other, View):
        one, other = other, one
    if isinstance(one, View) and isinstance(other, Weight) and not _is_vector(one, other):
        part = times_cosines(one, _aligned(other, one))
        if part is not None:
            return part
    return _times(call, one, other)


def negative(call: Call) -> View:
    """Read a change of sign."""
    x = call.view()
    return x._replace(factor=-x.factor)


def divide(call: Call) -> Value:
    """Read a quotient: by a number, a vector, or the length of what is divided."""
    one, other = call.first(), call.get("other")
    if isinstance(one, View) and isinstance(other, Norm):
        return _unit(call, one, other)
    if isinstance(one, Scores) and not isinstance(other, View | Scores):
        return one
    if not isinstance(one, View) or isinstance(other, View):
        raise GraphError("it divides by a tensor of the network")
    number = _number(other)
    if number is not None:
        return one._replace(factor=one.factor / number)
    if _is_share(call, one, other):
        return one
    return _times(call, one, other)


def power(call: Call) -> Value:
    """Read a square: a product of a tensor with itself."""
    x, exponent = call.first(), call.get("exponent", 2)
    if isinstance(x, Norm):
        return x
    if exponent != 2:
        raise GraphError(f"it raises to the power of {exponent}: squares are read")
    return _joined(call, "Mul", call.view(), call.view())


def _unit(call: Call, x: View, length: Norm) -> View:
    if x != length.of and call.desk.settled(x) != call.desk.settled(length.of):
        raise GraphError("it divides by the length of other vectors")
    return normalised(call, x, "L2Norm", length.dim)


def _is_share(call: Call, x: View, value: Any) -> bool:
    """Return whether an average pool is divided by the part of each window that is no padding."""
    fixed = isinstance(value, Weight) and not value.learned
    pooled = call.desk.draft.nodes[x.node].op == "Avgpool" and len(x.dims) == 4
    return fixed and pooled and value.shape == (1, 1, *x.sizes[2:])


def affine(call: Call) -> Value:
    """Read addcmul: a tensor times a vector, plus a vector."""
    one, a, b = call.first(), call.get("tensor1"), call.get("tensor2")
    if isinstance(a, View) == isinstance(b, View) or isinstance(one, View):
        raise GraphError("it adds a product of tensors")
    product = _times(call, *((a, b) if isinstance(a, View) else (b, a)))
    return _plus(call, product, one, 1)


def _in_attention(one: Any, other: Any) -> Value | None:
    """Return scores whose positions, mask or scale were added or multiplied, else None."""
    scores = next((value for value in (one, other) if isinstance(value, Scores)), None)
    if scores is None:
        length = next((value for value in (one, other) if isinstance(value, Norm)), None)
        if length is not None and not any(isinstance(value, View) for value in (one, other)):
            return length
        relative = [value for value in (one, other) if isinstance(value, Relative)]
        if relative and all(isinstance(v, Relative | Weight | int | float) for v in (one, other)):
            return relative[0]
        return None
    if any(isinstance(value, View | Norm) for value in (one, other)):
        raise GraphError("it works on scores of an attention and a tensor of the network")
    return scores


def _number(value: Any) -> float | None:
    if isinstance(value, Weight):
        return value.number
    return float(value) if isinstance(value, (int, float)) else None


def _plus(call: Call, x: Any, value: Any, alpha: float) -> View:
    if not isinstance(x, View):
        raise GraphError("it works on no tensor of the network")
    seen = call.desk.settled(x)
    number = _number(value)
    if number == 0:
        return x
    if number is not None:
        return View(call.desk.node("Shift", seen, number=alpha * number), seen.dims)
    shape = _aligned(value, x)
    if math.prod(shape) == 1:
        return View(call.desk.node("Scalar", seen), seen.dims)
    if _along_channels(seen, shape):
        return View(call.desk.node("Bias", seen), seen.dims)
    if len(call.out) > len(x.dims) or call.out != x.sizes:
        raise GraphError(f"it adds a constant of sizes {list(value.shape)} to {list(x.sizes)}")
    plain = call.desk.settled(x)
    try:
        seen = natural(call, x)
    except GraphError:
        seen = plain
    # Rows and columns that are only told in one are left apart: blocks are found in maps alone.
    if seen.node == plain.node and call.desk.seen(plain) == call.desk.shape(plain):
        seen = plain
    return View(call.desk.node("Embedding", seen), seen.dims)


def _times(call: Call, x: Any, value: Any) -> View:
    if not isinstance(x, View):
        raise GraphError("it works on no tensor of the network")
    number = _number(value)
    if number == 0:
        seen = call.desk.settled(x)
        return View(call.desk.node("Zero", seen), seen.dims)
    if number is not None:
        return x._replace(factor=x.factor * number)
    seen, shape = call.desk.settled(x), _aligned(value, x)
    if math.prod(shape) == 1:
        return View(call.desk.node("Scalar", seen), seen.dims)
    if _along_channels(seen, shape):
        return View(call.desk.node("Scale", seen), seen.dims)
    raise GraphError(
        f"it multiplies {list(x.sizes)} by a constant of sizes {list(value.shape)}: a vector along "
        "channels, or a number, is what a graph has"
    )


def _aligned(value: Any, x: View) -> tuple[int, ...]:
    if not isinstance(value, Weight):
        raise GraphError("it works on a tensor of the network and something that is no constant")
    return (1,) * (len(x.dims) - len(value.shape)) + value.shape


def _is_vector(x: View, value: Weight) -> bool:
    """Return whether a constant is what a graph has words for: a number or one vector."""
    shape = _aligned(value, x)
    return math.prod(shape) == 1 or _along_channels(x, shape)


def _along_channels(x: View, shape: tuple[int, ...]) -> bool:
    """Return whether a constant of this shape differs along channels alone."""
    if len(shape) != len(x.dims):
        return False
    for dim, size in zip(x.dims, shape, strict=True):
        if size > 1 and not all(digit.axis == "c" for digit in dim):
            return False
    return True


def _joined(call: Call, op: str, one: View, other: View) -> View:
    """Add a sum or product of two tensors, of one shape or broadcast."""
    desk = call.desk
    rank = max(len(one.dims), len(other.dims))
    one, other = (
        x._replace(dims=((),) * (rank - len(x.dims)) + x.dims) for x in (one, other)
    )  # fmt: skip
    if op == "Mul":
        one, other = (_unspread(x) for x in (one, other))
    a, b = desk.settled(one), desk.settled(other)
    if op == "Mul" and (_spreads(call, a, b) or _spreads(call, b, a)):
        pass
    elif [merged(dim) for dim in a.dims] != [merged(dim) for dim in b.dims] or (
        desk.seen(a) != desk.seen(b)
    ):
        a, b = _alike(call, op, one, other)
    shapes = desk.seen(a), desk.seen(b)
    out = tuple(max(sizes) for sizes in zip(*shapes, strict=True))
    low = tuple(min(sizes) for sizes in zip(*shapes, strict=True))
    larger = a if shapes[0] == out else b
    node = Node(op, (low[0], low[1], low[2]), (out[0], out[1], out[2]), desk.label,
                [a.node, b.node])  # fmt: skip
    return View(desk.draft.add(node), larger.dims)


def _spreads(call: Call, one: View, other: View) -> bool:
    """Return whether tensors are alike but for pixels, of which the second has one."""
    if call.desk.seen(other) != (1, 1, call.desk.seen(one)[2]):
        return False
    pairs = [(merged(a), merged(b)) for a, b in zip(one.dims, other.dims, strict=True)]
    return all(a == b or (not b and all(d.axis in "hw" for d in a)) for a, b in pairs)


def _unspread(x: View) -> View:
    """Take away what was repeated: a product repeats it anyway."""
    dims = tuple(tuple(d for d in dim if d.axis != "x") for dim in x.dims)
    return x._replace(dims=dims)


def _alike(call: Call, op: str, one: View, other: View) -> tuple[View, View]:
    """Return two views with the same axes, the smaller one repeated where a graph cannot tell."""
    desk = call.desk
    roles = _common(roles_of(one), roles_of(other))
    a, b = desk.arranged(one, _filled(one, roles)), desk.arranged(other, _filled(other, roles))
    target = tuple(max(sizes) for sizes in zip(desk.seen(a), desk.seen(b), strict=True))
    return _grown(call, op, a, target, roles), _grown(call, op, b, target, roles)


def _common(one: str, other: str) -> str:
    """Return the roles of two tensors' axes; where one has one place, the other says."""
    both = []
    for a, b in zip(one, other, strict=True):
        if a != b and "1" not in (a, b):
            # One row of pixels is a column as well: "h" beside "w".
            if {a, b} <= {"h", "w"}:
                both.append("w" if "h" in both else "h")
                continue
            # What was transposed before is transposed again.
            return max((one, other), key=lambda roles: len(roles) - roles.count("1"))
        both.append(b if a == "1" else a)
    roles = "".join(both)
    return roles if roles.count("h") <= 1 else roles.replace("h", "w").replace("w", "h", 1)


def _filled(x: View, roles: str) -> str:
    return "".join(
        role if dim or role != "n" else "1" for role, dim in zip(roles, x.dims, strict=True)
    )


def _grown(call: Call, op: str, x: View, target: tuple[int, ...], roles: str) -> View:
    seen = call.desk.seen(x)
    spread = op == "Mul" and seen == (1, 1, target[2])
    if seen == target or spread:
        return x
    if any(size not in (1, whole) for size, whole in zip(seen, target, strict=True)):
        raise GraphError(f"it joins {seen} and {target}, rows, columns and channels")
    out = (target[0], target[1], target[2])
    return call.desk.fresh(call.desk.node("Broadcast", x, out), out, roles)


def concat(call: Call) -> Value:
    """Read a concatenation: of channels, or of tokens; or of pairs that a rotary position turns."""
    values = [v for v in call.first() if not (isinstance(v, Weight) and 0 in v.shape)]
    views = [value for value in values if isinstance(value, View)]
    if not views and not (len(values) == 1 and isinstance(values[0], Turning)):
        raise GraphError("it reads no tensor of the network")
    dim = call.get("dim", 0) % len(call.out)
    if len(values) == 1:
        return cast("Value", values[0])
    if len(views) < len(values):
        return _with_tokens(call, values, dim)
    turning = pairs(views, dim, stacked=False)
    if turning is not None:
        return turning
    whole = behind_others(views, dim) or _put_together(views, dim)
    if whole is not None:
        return whole
    roles = _roles(views, dim)
    desk = call.desk
    xs = [desk.arranged(x, roles, exact=True) for x in views]
    shapes = [desk.seen(x) for x in xs]
    reads = [x.node for x in xs]
    if roles[dim] == "c":
        h, w, c = shapes[0]
        out = (h, w, sum(shape[2] for shape in shapes))
        number = desk.draft.add(Node("Concat", (h, w, c), out, desk.label, reads))
    else:
        out = (sum(h * w for h, w, _ in shapes), 1, shapes[0][2])
        if "w" in roles:
            axis = "hw".index(roles[dim])
            sizes = list(shapes[0])
            sizes[axis] = sum(shape[axis] for shape in shapes)
            out = (sizes[0], sizes[1], sizes[2])
        number = desk.draft.add(Node("Join", shapes[0], out, desk.label, reads))
    return desk.fresh(number, out, roles)


def _roles(views: list[View], dim: int) -> str:
    """Return roles of the axes; the one that is joined is of pixels only where channels are not."""
    roles = roles_of(max(views, key=lambda x: sum(map(bool, x.dims))))
    if roles[dim] not in "1n" and "c" in roles:
        return roles
    if "c" not in roles and roles[dim] == "1":
        return roles[:dim] + "c" + roles[dim + 1 :]
    if roles[dim] == "1":
        return roles[:dim] + ("w" if "h" in roles else "h") + roles[dim + 1 :]
    if "c" not in roles:
        at = max(place for place, role in enumerate(roles) if role == "1" and place != dim)
        return roles[:at] + "c" + roles[at + 1 :]
    raise GraphError("it puts images together")


def _with_tokens(call: Call, values: list[Any], dim: int) -> View:
    """Read learned tokens that are put before, or behind, those of the network."""
    views = [value for value in values if isinstance(value, View)]
    if len(views) != 1 or not any(isinstance(v, Weight) and v.learned for v in values):
        raise GraphError("it puts constants that are not learned beside tensors of the network")
    roles = roles_of(views[0])
    if roles[dim] == "1" and "h" not in roles:
        roles = roles[:dim] + "h" + roles[dim + 1 :]
    if roles[dim] != "h" or "w" in roles:
        raise GraphError("it puts learned values beside rows or channels: tokens only")
    x = call.desk.arranged(views[0], roles)
    h, w, c = call.desk.seen(x)
    out = (h * w + sum(v.shape[dim] for v in values if isinstance(v, Weight)), 1, c)
    return call.desk.fresh(call.desk.node("Tokens", x, out), out, roles)


def _put_together(views: list[View], dim: int) -> View | None:
    """Return the one view that slices with steps come from, if they are all pixels of a block."""
    first = views[0]
    if any((x.node, x.dims, x.pad) != (first.node, first.dims, first.pad) for x in views):
        return None
    starts = [x.start for x in views]
    steps = [min((d.stride for d in first.digits(axis)), default=1) for axis in "hw"]
    block = [Digit(axis, step, 1) for axis, step in zip("hw", steps, strict=True) if step > 1]
    if not block or math.prod(d.size for d in block) != len(views) or len(set(starts)) < len(views):
        return None
    for order in (block, block[::-1]):
        expected = []
        for index in range(len(views)):
            at, left = {"h": 0, "w": 0}, index
            for digit in reversed(order):
                left, at[digit.axis] = divmod(left, digit.size)
            expected.append((at["h"], at["w"], starts[0][2]))
        if expected == starts:
            dims = (*first.dims[:dim], merged([*order, *first.dims[dim]]), *first.dims[dim + 1 :])
            return first._replace(dims=dims)
    return None


def stack(call: Call) -> Value:
    """Read a stack along a new axis, of channels; or of pairs that a rotary position turns."""
    values = list(call.first())
    if any(not isinstance(value, View) for value in values):
        raise GraphError("it stacks constants")
    dim = call.get("dim", 0) % (len(values[0].dims) + 1)
    turning = pairs(values, dim, stacked=True)
    if turning is not None:
        return turning
    desk = call.desk
    roles = roles_of(values[0])
    xs = [desk.arranged(x, roles, exact=True) for x in values]
    h, w, c = desk.seen(xs[0])
    out = (h, w, c * len(xs))
    number = desk.draft.add(Node("Concat", (h, w, c), out, desk.label, [x.node for x in xs]))
    whole = desk.fresh(number, (h, w, c), roles)
    stacked = (Digit("c", len(xs), c),)
    place = dim
    return whole._replace(dims=(*whole.dims[:place], stacked, *whole.dims[place:]))
