"""`nape-bench import nasbench301 PATH`."""

from __future__ import annotations

from nape_bench.cli.import_release import release_command

COMMAND = release_command(
    "nasbench301",
    "the trainings behind NAS-Bench-301",
    "Make datasets in the local store of the trainings behind NAS-Bench-301, not of what its "
    "surrogates predict: the authors' data, to which github.com/automl/nasbench301 links, with "
    "results_fidelity_<n>/results_<n>.json of each. A budget of epochs, cells and channels becomes "
    "config trained_e<epochs>_l<cells>_c<channels> of nape/nb301: validation and test accuracy in "
    "% and runtime in seconds. Tested on the example in the authors' repository and small files "
    "like it, not on all of their data.",
    ["nasbench301_full_data --on-duplicate mean", "nasbench301_full_data.zip --skip-bad"],
)
