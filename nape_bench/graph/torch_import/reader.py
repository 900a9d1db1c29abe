"""Reading the operators of a traced network, one after the other, into a draft."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import torch

from nape_bench.errors import GraphError
from nape_bench.graph.onnx_import_draft import Node
from nape_bench.graph.torch_import.call import Call, natural
from nape_bench.graph.torch_import.desk import Desk
from nape_bench.graph.torch_import.operators import READERS
from nape_bench.graph.torch_import.trace import shape_of
from nape_bench.graph.torch_import.values import Norm, Relative, Scores, Turning, Weight
from nape_bench.graph.torch_import.views import NO_PAD, View, axis_of

if TYPE_CHECKING:
    from nape_bench.graph.onnx_import_draft import Draft

_OF_IMAGE = (View, Scores, Relative, Norm, Turning)
_ROLES = {2: "nc", 3: "nhc", 4: "nchw"}
_CHECKS = frozenset({"_assert_tensor_metadata", "_assert_scalar", "_assert_async"})


class Reader:
    """Reads the operators of a trace.

    Args:
        program: The trace.

    Raises:
        GraphError: It reads something else than one batch of images, vectors or sequences.
    """

    def __init__(self, program: torch.export.ExportedProgram) -> None:
        self._program = program
        self._values: dict[str, Any] = {}
        signature = program.graph_signature
        inputs = set(signature.user_inputs)
        learned = set(signature.inputs_to_parameters)
        images = [n for n in program.graph.nodes if n.op == "placeholder" and n.name in inputs]
        if len(images) != 1 or len(shape_of(images[0])) not in _ROLES:
            raise GraphError("it reads one tensor: images, vectors, or sequences of vectors")
        for node in program.graph.nodes:
            if node.op == "placeholder":
                number = _constant(program, node.name)
                self._values[node.name] = Weight(shape_of(node), node.name in learned, number)
        sizes = shape_of(images[0])
        self.desk = Desk(sizes[0])
        told = dict(zip(_ROLES[len(sizes)], sizes, strict=True))
        shape = (told.get("h", 1), told.get("w", 1), told["c"])
        name = images[0].name
        number = self.desk.draft.add(Node("Input", shape, shape, f"input {name}", []))
        dims = tuple(axis_of(role, told[role]) for role in _ROLES[len(sizes)])
        self._values[name] = View(number, dims)

    @property
    def draft(self) -> Draft:
        """Return what has become of the trace."""
        return self.desk.draft

    def read(self) -> list[str]:
        """Read all operators and the output; return what is wrong, a sentence each."""
        problems: list[str] = []
        unknown: dict[str, list[str]] = {}
        lost: set[str] = set()
        for node in self._program.graph.nodes:
            if node.op != "call_function":
                continue
            if lost.intersection(read.name for read in node.all_input_nodes):
                lost.add(node.name)
                continue
            try:
                self._read(node, unknown)
            except GraphError as error:
                problems.append(f"{self.desk.label}: {error}")
            if node.name not in self._values:
                lost.add(node.name)
        named = [f"{op} ({', '.join(nodes[:3])})" for op, nodes in unknown.items()]
        if named:
            problems.append(f"no word of the vocabulary for {', '.join(named)}")
        if not problems:
            try:
                self._finish()
            except GraphError as error:
                problems.append(f"its output: {error}")
        return problems

    def _read(self, node: torch.fx.Node, unknown: dict[str, list[str]]) -> None:
        if node.target is operator.getitem:
            self._values[node.name] = self._value(node.args[0])[node.args[1]]
            return
        whole = str(node.target)
        op = whole.removeprefix("aten.").rpartition(".")[0] or whole
        self.desk.label = f"{node.name} ({whole}){_place(node)}"
        plain = op[:-1] if op.endswith("_") and not op.startswith("__") else op
        given = self._given(node)
        if op in _CHECKS:
            self._values[node.name] = None
            return
        if not any(isinstance(value, _OF_IMAGE) for value in _flat(given)):
            self._values[node.name] = _of_weights(node, given)
            return
        if plain not in READERS:
            unknown.setdefault(whole, []).append(f"{node.name}{_place(node)}")
            return
        result = READERS[plain](Call(plain, given, shape_of(node), self.desk))
        _check_sizes(result, shape_of(node))
        self._values[node.name] = result
        if plain != op:
            self._change(node.args[0], result)

    def _change(self, changed: Any, result: Any) -> None:
        """Let whoever reads a tensor that was changed in place read what it was changed to."""
        before = self._values.get(getattr(changed, "name", ""))
        for name, value in list(self._values.items()):
            if value is before or (isinstance(value, View) and value == before):
                self._values[name] = result

    def _given(self, node: torch.fx.Node) -> dict[str, Any]:
        schema = getattr(node.target, "_schema", None)
        names = [argument.name for argument in schema.arguments] if schema else []
        names += [f"argument {at}" for at in range(len(names), len(node.args))]
        given = {name: self._value(value) for name, value in zip(names, node.args, strict=False)}
        return {**given, **{name: self._value(value) for name, value in node.kwargs.items()}}

    def _value(self, value: Any) -> Any:
        if isinstance(value, torch.fx.Node):
            return self._values[value.name]
        if isinstance(value, (list, tuple)):
            return type(value)(self._value(part) for part in value)
        return value

    def _finish(self) -> None:
        """Add the Output."""
        outputs = set(self._program.graph_signature.user_outputs)
        last = next(n for n in reversed(self._program.graph.nodes) if n.op == "output")
        nodes = [n for n in last.all_input_nodes if n.name in outputs]
        views = [self._values[n.name] for n in nodes]
        self.desk.label = "its output"
        if not views or any(not isinstance(view, View) for view in views):
            raise GraphError("it gives what does not follow from the image, or scores")
        read = [self._readable(view) for view in views]
        shapes = [self.desk.seen(x) for x in read]
        label = "its output"
        number, shape = read[0].node, shapes[0]
        if len(read) > 1:
            exact = [self.desk.settled(x, exact=True).node for x in read]
            number = self.draft.add(Node("Tuple", shape, shape, label, exact))
        self.draft.add(Node("Output", shape, shape, label, [number]))
        for loose in [n for n in self.draft.nodes if not self.draft.readers(n)]:
            self.draft.drop_if_unread(loose)

    def _readable(self, x: View) -> View:
        call = Call("output", {"x": x}, x.sizes, self.desk)
        try:
            return natural(call, x)
        except GraphError:
            return self.desk.settled(x, exact=True)


def _place(node: torch.fx.Node) -> str:
    """Return where in the module an operator stands: " in layers.0.attention"."""
    stack = node.meta.get("nn_module_stack") or {}
    paths = [str(path).removeprefix("L['self'].") for path, _ in stack.values()]
    return f" in {paths[-1]}" if paths and paths[-1] else ""


def _check_sizes(result: Any, wanted: tuple[int, ...]) -> None:
    """Check that a view has the sizes that the trace has."""
    if not isinstance(result, View):
        return
    sizes = list(result.sizes)
    if result.pad != NO_PAD:
        top, left, bottom, right = result.pad
        sizes[-2:] = [sizes[-2] + top + bottom, sizes[-1] + left + right]
    if tuple(sizes) != wanted:
        raise GraphError(f"its sizes are {list(wanted)}, and {sizes} are read")


def _flat(given: Any) -> list[Any]:
    values = given.values() if isinstance(given, dict) else given
    found: list[Any] = []
    for value in values:
        if isinstance(value, (list, tuple)) and not isinstance(value, (*_OF_IMAGE, Weight)):
            found += _flat(value)
        else:
            found.append(value)
    return found


def _of_weights(node: torch.fx.Node, given: dict[str, Any]) -> Any:
    """Return what becomes of values that do not depend on the image."""
    learned = any(isinstance(value, Weight) and value.learned for value in _flat(given))
    made = node.meta.get("val")
    if isinstance(made, (list, tuple)):
        return tuple(Weight(tuple(part.shape), learned) for part in made)
    first = next(iter(given.values()), None)
    kept = isinstance(first, Weight) and len(given) == 1
    number = first.number if kept and isinstance(first, Weight) else None
    return Weight(shape_of(node), learned, number)


def _constant(program: torch.export.ExportedProgram, name: str) -> float | None:
    """Return the value of a constant of one number that the module's code writes down."""
    signature = program.graph_signature
    target = signature.inputs_to_lifted_tensor_constants.get(name)
    value = program.constants.get(target) if target else None
    if isinstance(value, torch.Tensor) and value.numel() == 1 and value.device.type != "meta":
        return float(value)
    return None
