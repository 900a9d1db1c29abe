"""What every space refuses in the same way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nape_bench.errors import SpecError, UnknownNameError
from nape_bench.spaces import space

SCALES: list[dict[str, Any]] = [
    {"width": 0}, {"width": "1"}, {"width": float("nan")}, {"width": 1e9}, {"depth": 0},
    {"depth": True}, {"depth": 1.5}, {"resolution": -3}, {"resolution": 40_000},
    {"num_classes": 10**10},
]  # fmt: skip


@pytest.mark.parametrize("scale", SCALES, ids=str)
def test_scales_out_of_range_are_refused(scale: dict[str, Any]) -> None:
    hiaml = space("hiaml")
    with pytest.raises(SpecError, match=r"width|depth|resolution|num_classes|at this scale"):
        hiaml.build(hiaml.example, **scale)


def test_numpy_integers_are_integers() -> None:
    hiaml = space("hiaml")
    assert hiaml.build(hiaml.example, depth=np.int64(1)) == hiaml.build(hiaml.example, depth=1)


@pytest.mark.parametrize("name", ["hiamll", 5])
def test_unknown_spaces(name: Any) -> None:
    with pytest.raises(UnknownNameError, match="unknown space"):
        space(name)


MALFORMED = {
    "ofa_pn": {"resolution": 224, "config": [[[], "mbconv2_e3_k3"]] * 6},
    "ofa_mbv3": {"resolution": True, "config": [["mbconv3_e3_k3"] * 2] * 5},
    "nb301": {
        "normal": [["skip_connect", 0], ["skip_connect", 1]] * 4,
        "reduce": [["skip_connect", 0], ["skip_connect", 1]] * 4,
        "concat": [2, 3, 4, []],
    },
    "two_path": {"path1": [{"op_names": ["conv3x3"], "op_types": 5}] * 2, "path2": []},
    "hiaml": [["hiaml_z"], 1, 2, 3],
    "fbnet": [["skip"], {}] * 11,
    "nb_macro": [[0], {}] * 4,
    "transnas_micro": ["64-41414-1_02_333"],
    "transnas_macro": {"arch_str": "64-1234-basic"},
}


@pytest.mark.parametrize("family", MALFORMED)
def test_odd_values_are_refused_as_specifications(family: str) -> None:
    with pytest.raises(SpecError, match=family):
        space(family).normalise(MALFORMED[family])
