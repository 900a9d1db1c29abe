"""`python -m nape_bench` is `nape-bench`."""

from __future__ import annotations

import sys

from nape_bench.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
