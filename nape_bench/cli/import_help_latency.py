"""`nape-bench import help_latency PATH`."""

from __future__ import annotations

from nape_bench.cli.import_release import release_command

COMMAND = release_command(
    "help_latency",
    "HELP's latencies",
    "Make datasets in the local store of the latencies that HELP published (github.com/HayeonLee/"
    "HELP, MIT), from its folder data or an archive of the repository: <space>/latency/<device>.pt "
    "of nasbench201, fbnet and ofa, with nasbench201/str_arch2idx.pt, fbnet/metainfo.pt and "
    "ofa/ofa_archs.pt. They become config latency of nape/nb201, nape/fbnet and nape/ofa_mbv3 with "
    "a label a device, in milliseconds. Tested on the published values, put into files in this "
    "format, not on the authors' own files.",
    ["HELP/data", "HELP/data/fbnet", "HELP-main.zip --version v1.1"],
)
