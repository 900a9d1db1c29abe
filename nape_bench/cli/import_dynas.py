"""`nape-bench import dynas PATH`."""

from __future__ import annotations

from nape_bench.cli.import_release import release_command

COMMAND = release_command(
    "dynas",
    "once-for-all accuracies by DyNAS-T",
    "Make a dataset in the local store of the ImageNet accuracies that DyNAS-T measured of "
    "sub-networks of OFA-MobileNetV3 (width 1.0): mbnv3w10_<search>.csv, from the folder "
    "notebooks/data of github.com/IntelLabs/DyNAS-T (Apache-2.0). All tables together become "
    "config imagenet of nape/ofa_mbv3, in %. A network that stands in several was measured several "
    "times: --on-duplicate mean.",
    ["DyNAS-T/notebooks/data --on-duplicate mean"],
)
