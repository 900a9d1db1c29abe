"""`nape-bench import nasbench101 PATH`."""

from __future__ import annotations

from nape_bench.cli.import_release import release_command

COMMAND = release_command(
    "nasbench101",
    "NAS-Bench-101",
    "Make datasets in the local store of NAS-Bench-101's own file, without TensorFlow: "
    "nasbench_only108.tfrecord (499 MB) or nasbench_full.tfrecord (1.95 GB), which "
    "github.com/google-research/nasbench links to. Each budget of epochs becomes config "
    "cifar10_epochs<budget> of nape/nb101: test accuracy, the mean of three trainings and each of "
    "them, fractions of 1 as the authors have them; validation accuracy likewise; training "
    "accuracy, seconds and parameters. Checksums are checked. Tested on small files in this "
    "format, not on the authors' own.",
    ["nasbench_only108.tfrecord", "nasbench_full.tfrecord --quiet"],
)
