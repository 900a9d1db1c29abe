"""Where each page of the site lies, and how one page names another."""

from __future__ import annotations

from nape_bench.errors import DataError

INDEX = "index.html"
ABOUT = "about.html"
# Beside the folders of their pages, not in them: a submission may be called "index".
PROTOCOLS = "protocols.html"
SUBMISSIONS = "submissions.html"
DATASETS = "datasets.html"
QUOTED = "quoted.html"
SCORES = "scores.csv"


def protocol_page(name: str) -> str:
    """Return the page of a protocol."""
    return f"protocols/{_flat(name)}.html"


def track_page(name: str) -> str:
    """Return the page of a track."""
    return f"tracks/{_flat(name)}.html"


def dataset_page(name: str) -> str:
    """Return the page of a dataset."""
    return f"datasets/{_flat(name)}.html"


def graph_file(name: str) -> str:
    """Return the picture of a dataset's graph."""
    return f"datasets/{_flat(name)}.svg"


def submission_page(name: str) -> str:
    """Return the page of a submission."""
    return f"submissions/{name}.html"


def anchor(name: str) -> str:
    """Return the identifier of a section on a page."""
    return _flat(name)


def root_of(page: str) -> str:
    """Return what leads from a page to the site's root: "" or "../"."""
    return "../" * page.count("/")


def add_page(pages: dict[str, bytes], path: str, content: bytes) -> None:
    """Add a file to the site.

    Raises:
        DataError: Two names come to one file.
    """
    if path in pages:
        raise DataError(f"{path}: two pages of the site have this name")
    pages[path] = content


def _flat(name: str) -> str:
    return name.replace("*", "all").replace("/", "--")
