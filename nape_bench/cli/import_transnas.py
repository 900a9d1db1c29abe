"""`nape-bench import transnas PATH`."""

from __future__ import annotations

from nape_bench.cli.import_release import release_command

COMMAND = release_command(
    "transnas",
    "TransNAS-Bench-101",
    "Make datasets in the local store of TransNAS-Bench-101. Read are the benchmark's own file "
    "(transnas-bench_v10141024.pth: cells and macro space) and "
    "transnas101_micro.csv (arch_str, and <task>_val for each task). Each task becomes a config "
    "of nape/transnas_micro or nape/transnas_macro, named by it: the last validation score. Test "
    "scores, where the file has them, become config <task>_test. Labels stay the authors'. Of the "
    "benchmark's own file the tests have small ones in its format alone.",
    ["transnas-bench_v10141024.pth", "transnas101_micro.csv --version v1.1"],
)
