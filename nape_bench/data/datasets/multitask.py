"""nape/multitask: bodies of the once-for-all families with labels of six vision tasks."""

from __future__ import annotations

from nape_bench.data.datasets._papers import ONCE_FOR_ALL
from nape_bench.data.info import DatasetInfo
from nape_bench.data.registry import MEASURED_LICENCE, OUR_LABELS, DatasetSpec, register

AIOP = (
    "Mills et al., AIO-P: Expanding Neural Performance Predictors Beyond Image Classification, "
    "AAAI 2023"
)

MULTITASK = register(
    DatasetSpec(
        name="nape/multitask",
        info=DatasetInfo(
            title="One body, many vision tasks",
            family="ofa_pn, ofa_mbv3, ofa_resnet",
            description=(
                "Bodies of three once-for-all families as computation graphs, with labels of six "
                "vision tasks measured by nape_bench."
            ),
            licence=MEASURED_LICENCE,
            citation=f"{AIOP} (the setting); {ONCE_FOR_ALL} (the families); {OUR_LABELS}",
        ),
        pins={
            "v1.0": {
                "ofa_pn-classification": (
                    "1cb3e1a04fe3b7550c2b3a839913222ad63ef5dcafe189ffa2c8f41144c373db"
                ),
                "ofa_pn-detection": (
                    "f163b5694ca9c6884b86cb23844eb1c4d199287999553c203a6c2df1eb3f470e"
                ),
                "ofa_pn-instance_segmentation": (
                    "a5ee4613c1dec20d4991a79bb76e16370642b4d8cf0749aacb34422f25c5be88"
                ),
                "ofa_pn-semantic_segmentation": (
                    "d93d837893a5e1f7170dddb7202b654707485f63d681281d08960a20208a721c"
                ),
                "ofa_pn-panoptic_segmentation": (
                    "9a99b580ce09934da6b9144ab7b4d446c489bbbbd6b15b50bb3ff96f66556def"
                ),
                "ofa_pn-keypoints": (
                    "bc222f4ee423ee7d4f05679f67c61ef71af7ec73ba4ac6ce072e38120281c84f"
                ),
                "ofa_mbv3-classification": (
                    "7a10f877adedd978dac2edd72153fc54f6fdb67b6ab2bb9d0855dee5d87d7f38"
                ),
                "ofa_mbv3-detection": (
                    "a170c44dcfee4d4123b44f5816d93c091cacbad45583b381190de20d714e624b"
                ),
                "ofa_mbv3-instance_segmentation": (
                    "409d4f379db31b04ff367e0b7d966ec7f97c478a1e300cfb33e1cdfa066e0e0f"
                ),
                "ofa_mbv3-semantic_segmentation": (
                    "21d248e24f6e2aed2618634732c5762fc51c9316c529fa951985621360b71fff"
                ),
                "ofa_mbv3-panoptic_segmentation": (
                    "5d4c2aa2bd228f86cfe18dec4c4d484ef6b345928d88f7b790c4cb74c0ab06eb"
                ),
                "ofa_mbv3-keypoints": (
                    "0b8d047d66a687033883e6378a885ba9d06063d500dd71069d31afb3e623c170"
                ),
                "ofa_resnet-classification": (
                    "7f2b2010390a2dd215d99a7333aea39f0df946ad235d0098f30eb8f9ac2e05b4"
                ),
                "ofa_resnet-detection": (
                    "021fc98aca6b3268ca8fd32199456a6c71fa883fb4ffb9e29ba3a2c0d67268ec"
                ),
                "ofa_resnet-instance_segmentation": (
                    "2b79d43fbe2698be852745bdcd37934e1b0a9ec16a16accd24b31a772336cd49"
                ),
                "ofa_resnet-semantic_segmentation": (
                    "15beb9544b014c5ed074c5983b86a2463b369fad3dcb44d63c14945948686c28"
                ),
                "ofa_resnet-panoptic_segmentation": (
                    "9370ab3f3c50f7b81f357f2f39f973369a3bcb2c9b4ae8f5b8fd14546ba33893"
                ),
                "ofa_resnet-keypoints": (
                    "a4a7857eeb494eb72ad0c7b38e734c2122955457a7ff8f89b684cb6c9e4fc190"
                ),
            }
        },
        comparable="test",
        ships_as_told=True,
    )
)
