"""Specifications of Inception: checked, and read from and written as text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nape_bench.errors import SpecError
from nape_bench.spaces._inception_blocks import (
    MOST_OPS,
    WORDS,
    internal_channels,
    layouts,
    path_of,
)

if TYPE_CHECKING:
    from nape_bench.spaces._inception_blocks import Block

STAGES = ((32, 32, 1), (32, 64, 2), (64, 128, 2), (128, 256, 2))
"""(channels in, channels out, stride) of each stage."""
REPEATS = (2, 3, 4, 5, 6)

_STAGE_TEXT = re.compile(r"(\d+)x(.+)")
_PATH_TEXT = re.compile(r"([\w.]+):(\d+)(?::(\d+))?")


def make_spec(repeats: list[int], blocks: list[Block]) -> dict[str, Any]:
    """Return the authors' configuration of four stages."""
    stages = []
    for n, block, (c_in, c_out, stride) in zip(repeats, blocks, STAGES, strict=True):
        stage = {"block": {"paths": block}, "n_blocks": n, "C_in": c_in, "C_out": c_out}
        stages.append({**stage, "stride": stride})
    return {"stages": stages}


def read_spec(value: Any) -> dict[str, Any]:
    """Check a configuration, or what `write_spec` gives, and return it complete.

    Raises:
        SpecError: Something is not as the space has it; the message says where.
    """
    if isinstance(value, str):
        value = _from_text(value)
    stages = value.get("stages") if isinstance(value, dict) else None
    if not isinstance(stages, (list, tuple)) or len(stages) != len(STAGES):
        raise SpecError(
            f'inception: {{"stages": [...]}} with {len(STAGES)} stages expected, not {value!r}'
        )
    pairs = [_read_stage(i, stage) for i, stage in enumerate(stages)]
    return make_spec([repeats for repeats, _ in pairs], [block for _, block in pairs])


def write_spec(spec: dict[str, Any]) -> str:
    """Return a checked configuration as one line: "2xc3.s5:16-max3.p3:16_3xdw5.c1:32:64_..."."""
    texts = []
    for stage in spec["stages"]:
        paths = [_path_text(path) for path in stage["block"]["paths"]]
        texts.append(f"{stage['n_blocks']}x{'-'.join(paths)}")
    return "_".join(texts)


def _read_stage(number: int, stage: Any) -> tuple[int, Block]:
    """Check a stage and return (repeats, paths)."""
    where = f"inception: stage {number}"
    block = stage.get("block") if isinstance(stage, dict) else None
    paths = block.get("paths") if isinstance(block, dict) else None
    if not isinstance(paths, (list, tuple)) or len(paths) not in MOST_OPS:
        raise SpecError(
            f'{where}: {{"block": {{"paths": [...]}}, "n_blocks": ...}} with 1 to '
            f"{len(MOST_OPS)} paths expected, not {stage!r}"
        )
    for key, fixed in zip(("C_in", "C_out", "stride"), STAGES[number], strict=True):
        if stage.get(key, fixed) != fixed:
            raise SpecError(f"{where}: {key} is {fixed}, not {stage[key]!r}")
    repeats = stage.get("n_blocks")
    if repeats not in REPEATS:
        listed = ", ".join(map(str, REPEATS))
        raise SpecError(f"{where}: n_blocks is one of {listed}, not {repeats!r}")
    read = [_read_path(path, f"stage {number}, path {i}") for i, path in enumerate(paths)]
    shares = [path["C_out"] for path in read]
    allowed = layouts(len(read), STAGES[number][1])
    if shares not in allowed:
        listed = " or ".join(map(str, allowed))
        raise SpecError(f"{where}: C_out of its {len(read)} paths is {listed}, not {shares}")
    used, most = sum([len(path["ops"]) for path in read]), MOST_OPS[len(read)]
    if used > most:
        raise SpecError(
            f"{where}: {len(read)} paths have at most {most} operations together, not {used}"
        )
    return int(repeats), read


def _read_path(path: Any, where: str) -> dict[str, Any]:
    if not isinstance(path, dict) or not {"ops", "C_internal", "C_out"} <= set(path):
        raise SpecError(
            f"inception: {where}: a dictionary of ops, C_internal and C_out expected, not {path!r}"
        )
    ops = WORDS.read(path["ops"], path.get("op_types"), where)
    internal, c_out = path["C_internal"], path["C_out"]
    if not isinstance(c_out, int):
        raise SpecError(f"inception: {where}: C_out is a number of channels, not {c_out!r}")
    allowed = internal_channels(ops, c_out)
    if internal not in allowed:
        listed = ", ".join(map(str, allowed))
        raise SpecError(
            f"inception: {where}: C_internal of {WORDS.write(ops)} to {c_out} channels is one of "
            f"{listed}, not {internal!r}"
        )
    return path_of(ops, int(internal), c_out)


def _path_text(path: dict[str, Any]) -> str:
    internal, c_out = path["C_internal"], path["C_out"]
    inside = f":{internal}" if internal != c_out else ""
    return f"{WORDS.write(path['ops'])}{inside}:{c_out}"


def _from_text(text: str) -> dict[str, Any]:
    return {"stages": [_stage_from_text(stage) for stage in text.split("_")]}


def _stage_from_text(text: str) -> dict[str, Any]:
    stage = _STAGE_TEXT.fullmatch(text)
    paths = [_PATH_TEXT.fullmatch(path) for path in stage[2].split("-")] if stage else [None]
    read = [
        {"ops": p[1].split("."), "C_internal": int(p[2]), "C_out": int(p[3] or p[2])}
        for p in paths
        if p
    ]
    if stage is None or len(read) < len(paths):
        raise SpecError(
            f'inception: a stage as in "2xc3.s5:64:32-max3.p3:32" expected (repeats, operations, '
            f'channels inside and out; stages joined by "_"), not {text!r}'
        )
    return {"block": {"paths": read}, "n_blocks": int(stage[1])}
