"""`nape-bench import nasbench_macro PATH`."""

from __future__ import annotations

from nape_bench.cli.import_release import release_command

COMMAND = release_command(
    "nasbench_macro",
    "NAS-Bench-Macro",
    "Make a dataset in the local store of NAS-Bench-Macro: nas-bench-macro_cifar10.json, from the "
    "folder data of github.com/xiusu/NAS-Bench-Macro (Apache-2.0). It becomes config cifar10 of "
    "nape/nb_macro: the mean test accuracy of three trainings, in %, and each of them.",
    ["nas-bench-macro_cifar10.json", "NAS-Bench-Macro-master.zip"],
)
