"""What Two-Path and Inception share: operations along a path, as words and as layers.

Both draw the operations of a path in the same way and write them with the same layers; they
differ in their vocabulary, in who takes the stride, and in bias.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nape_bench.errors import SpecError
from nape_bench.registry import unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from nape_bench.graph import GraphBuilder


class Vocabulary:
    """The operations that a path is made of: at least one `conv` one, at most one `supp` one.

    Args:
        family: The space, for messages.
        conv: Published name -> short name, of the operations that may take the stride.
        supp: The same for the supplementary ones.

    Attributes:
        conv: As given.
        supp: As given.
        short: Published name -> short name, of all.
    """

    def __init__(self, family: str, *, conv: Mapping[str, str], supp: Mapping[str, str]) -> None:
        self.conv, self.supp = conv, supp
        self.short = {**conv, **supp}
        self._family = family
        self._known = {code: name for name, code in self.short.items()}
        self._known.update({name: name for name in self.short})

    def types(self, names: Sequence[str]) -> list[str]:
        """Return "conv" or "supp" for each operation."""
        return ["conv" if name in self.conv else "supp" for name in names]

    def sequences(self, length: int) -> int:
        """Return how many different paths of `length` operations there are."""
        plain = len(self.conv) ** length
        mixed = length * len(self.supp) * len(self.conv) ** (length - 1)
        return int(plain + (mixed if length > 1 else 0))

    def draw(self, length: int, rng: np.random.Generator) -> list[str]:
        """Draw a path as the authors do.

        The first operation is a `conv` one; each later one is `supp` in proportion to the size
        of the vocabulary if none was so far, else `conv`; then the order is shuffled.
        """
        conv, supp = list(self.conv), list(self.supp)
        names = [conv[rng.integers(len(conv))]]
        for _ in range(length - 1):
            extra = int(rng.integers(len(conv) + len(supp))) >= len(conv)
            source = supp if extra and not any(name in self.supp for name in names) else conv
            names.append(source[rng.integers(len(source))])
        return [names[i] for i in rng.permutation(length)]

    def edit(self, names: Sequence[str], most: int, rng: np.random.Generator) -> list[str]:
        """Return a path with one operation replaced, inserted or left out.

        Args:
            names: A valid path.
            most: How many operations the new path may have, at least `len(names)`.
            rng: Decides which kind of change, then where and to what.
        """
        places = range(len(names))
        replaced = [[*names[:i], new, *names[i + 1 :]] for i in places for new in self.short]
        inserted = [
            [*names[:i], new, *names[i:]] for i in (*places, len(names)) for new in self.short
        ]
        omitted = [[*names[:i], *names[i + 1 :]] for i in places]
        kinds = []
        for kind in (replaced, inserted, omitted):
            valid = [new for new in kind if self._holds(new) and len(new) <= most and new != names]
            if valid:
                kinds.append(valid)
        chosen = kinds[rng.integers(len(kinds))]
        return chosen[rng.integers(len(chosen))]

    def read(self, names: Any, types: Any, where: str) -> list[str]:
        """Check a path and return its operations by their published names.

        Args:
            names: Published or short names.
            types: "conv" or "supp" for each, or None.
            where: What is read, for messages ("path1, block 2").

        Raises:
            SpecError: An operation is unknown, a type is wrong, or the mix is not allowed.
        """
        if not isinstance(names, (list, tuple)) or not names:
            raise SpecError(
                f"{self._family}: {where}: a list of operations expected, not {names!r}"
            )
        try:
            found = [self._known[name] for name in names]
        except (KeyError, TypeError):
            wrong = next(n for n in names if not (isinstance(n, str) and n in self._known))
            raise SpecError(
                f"{self._family}: {where}: {unknown_name('operation', str(wrong), self.short)}"
            ) from None
        if types is not None and (
            not isinstance(types, (list, tuple)) or list(types) != self.types(found)
        ):
            raise SpecError(
                f"{self._family}: {where}: types {types!r} do not fit the operations {found}: "
                f"these are {self.types(found)}"
            )
        if not self._holds(found):
            raise SpecError(
                f"{self._family}: {where}: a path has at least one of {', '.join(self.conv)} and "
                f"at most one of {', '.join(self.supp)}: not so {found}"
            )
        return found

    def write(self, names: Sequence[str]) -> str:
        """Return a path as text, "c3.avg3.s5"."""
        return ".".join([self.short[name] for name in names])

    def _holds(self, names: Sequence[str]) -> bool:
        extras = sum([name in self.supp for name in names])
        return extras <= 1 and extras < len(names)


class Layers:
    """The layers that operations are made of.

    Args:
        b: The builder.
        scaled: Maps a channel count at width 1 to the one to build; all counts given to the
            methods are those at width 1.
        bias: Whether convolutions have a bias.
    """

    def __init__(self, b: GraphBuilder, scaled: Callable[[int], int], *, bias: bool) -> None:
        self.b, self.scaled, self.bias = b, scaled, bias

    def conv(
        self,
        x: int,
        c: int,
        kernel: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
    ) -> int:
        """Convolution, BatchNorm."""
        b = self.b
        return b.batch_norm(b.conv(x, self.scaled(c), kernel, stride, bias=self.bias))

    def conv_relu6(
        self,
        x: int,
        c: int,
        kernel: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
    ) -> int:
        """Convolution, BatchNorm, ReLU6."""
        return self.b.relu6(self.conv(x, c, kernel, stride))


Op = Callable[[Layers, int, int, int, int], int]
"""What an operation adds: (layers, x, channels in, channels out, stride) -> node."""


def plain_conv(kernel: int) -> Op:
    """Return the operation that is one convolution."""
    return lambda k, x, c_in, c, s: k.conv_relu6(x, c, kernel, s)  # noqa: ARG005


def max_pool(k: Layers, x: int, c_in: int, c: int, s: int) -> int:  # noqa: ARG001
    """3 x 3 max pooling at stride 1, BatchNorm."""
    return k.b.batch_norm(k.b.max_pool(x, 3))


def avg_pool(k: Layers, x: int, c_in: int, c: int, s: int) -> int:  # noqa: ARG001
    """3 x 3 average pooling at stride 1, BatchNorm."""
    return k.b.batch_norm(k.b.avg_pool(x, 3))
