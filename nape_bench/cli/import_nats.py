"""`nape-bench import nats PATH`."""

from __future__ import annotations

from nape_bench.cli.import_release import release_command

COMMAND = release_command(
    "nats",
    "NATS-Bench (NAS-Bench-201)",
    "Make datasets in the local store of NATS-Bench's topology space, which is NAS-Bench-201. It "
    "reads NATS-tss-v1_0-3ffb9-simple.tar, to which github.com/D-X-Y/NATS-Bench (MIT) links, or "
    "the folder in it, with a file a cell; and cell by cell the files that hold all of them, "
    "NATS-tss-v1_0-3ffb9.pickle.pbz2 and NAS-Bench-201-v1_1-096897.pth; no weights. "
    "Each image dataset becomes config nats_cifar10, nats_cifar100 or nats_imagenet16 of "
    "nape/nb201, from trainings of 200 epochs, and nats_cifar10_12 and so on, of 12: mean test and "
    "validation accuracy in % and those of each training, FLOPs and parameters in millions; of "
    "NAS-Bench-201's own file, configs are nb201_cifar10 and so on. Tested "
    "on small files in this format, not on the authors' own.",
    ["NATS-tss-v1_0-3ffb9-simple.tar", "NAS-Bench-201-v1_1-096897.pth --skip-bad"],
)
