"""`nape-bench import gennape PATH`."""

from __future__ import annotations

from nape_bench.cli.import_release import release_command

COMMAND = release_command(
    "gennape",
    "GENNAPE's caches",
    "Make datasets in the local store from the files that GENNAPE's authors published: "
    "pickled caches of NAS-Bench-101, -201 and -301 and of the once-for-all families, JSON of "
    "HiAML, Two-Path and Inception. Each becomes config gennape_<task> of nape/<family>. Labels "
    "stay the authors': fractions of 1 in the caches, per cent in JSON. Graphs are built from the "
    "specifications and compared with the published ones. --from-hub was tested with a Hub of the "
    "tests' own, not with the authors' repository.",
    ["GENNAPE/", "--from-hub", "gpi_nb101_comp_graph_cache.pkl", "cache.zip --skip-bad"],
    repository="kgmills/GENNAPE",
)
