"""nape/nb201: NAS-Bench-201, with labels from published tables that a user imports."""

from __future__ import annotations

from nape_bench.data.info import DatasetInfo
from nape_bench.data.registry import DatasetSpec, register

NB201 = register(
    DatasetSpec(
        name="nape/nb201",
        info=DatasetInfo(
            title="NAS-Bench-201",
            family="nb201",
            description=(
                "The 15,625 cells of NAS-Bench-201 as computation graphs, with labels from a "
                "published table, whose licence holds for them."
            ),
            licence="unknown",
            citation=(
                "Dong and Yang, NAS-Bench-201: Extending the Scope of Reproducible Neural "
                "Architecture Search, ICLR 2020"
            ),
        ),
        how={
            "cifar10": (
                "nape-bench import table FILE --space nb201 --spec COLUMN --label cifar10=COLUMN "
                "--name nape/nb201"
            )
        },
    )
)
