"""`nape-bench import hwnasbench PATH`."""

from __future__ import annotations

from nape_bench.cli.import_release import release_command

COMMAND = release_command(
    "hwnasbench",
    "HW-NAS-Bench",
    "Make datasets in the local store of HW-NAS-Bench-v1_0.pickle, which its repository holds "
    "(github.com/GATECH-EIC/HW-NAS-Bench, MIT): latencies in milliseconds and energies in "
    "millijoules of NAS-Bench-201's cells. Each image dataset becomes config hw_cifar10, "
    "hw_cifar100 or hw_imagenet16 of nape/nb201. Its costs of single FBNet blocks, which are no "
    "labels of networks, are not imported. Tested on the published values of CIFAR-10, put into a "
    "file in this format, not on the authors' own file.",
    ["HW-NAS-Bench-v1_0.pickle"],
)
