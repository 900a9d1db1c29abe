"""The reader of templates: everything that it puts into a page is escaped."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from nape_bench.leaderboard.site import addresses, bars, views, words

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
ASSETS = Path(__file__).parent / "assets"
SCHEMES = ("https://", "http://")


def web_address(text: Any) -> str:
    """Return an address that a link may lead to; "" for any other text, as in "javascript:"."""
    told = str(text)
    harmless = told.startswith(SCHEMES) and not any(letter.isspace() for letter in told)
    return told if harmless else ""


def soft(name: str) -> Markup:
    """Return a name with slashes, which a line may end after."""
    return Markup("/<wbr>").join(name.split("/"))


def plain(value: Any) -> str:
    """Return a setting as text, as YAML has it where it is no text."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return str(value).lower() if value is not None else "null"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {plain(each)}" for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(plain(each) for each in value)
    return str(value)


@cache
def environment() -> Environment:
    """Return the environment of all templates."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "amount": words.amount,
        "correlation": words.correlation,
        "count": words.count,
        "mean_rank": words.mean_rank,
        "metric_title": words.metric_title,
        "metric_value": words.metric_value,
        "plain": plain,
        "plural": words.plural,
        "printed": words.printed,
        "rank": words.rank,
        "sentence": words.sentence,
        "soft": soft,
        "web_address": web_address,
    }
    made.globals |= {
        "NOTHING": words.NOTHING,
        "alone": views.alone,
        "anchor": addresses.anchor,
        "by_submission": views.by_submission,
        "compared": words.compared,
        "dataset_page": addresses.dataset_page,
        "graph_file": addresses.graph_file,
        "higher": words.is_higher_better,
        "interval_bar": bars.interval_bar,
        "label_of": words.label_of,
        "notes_of": views.notes_of,
        "positions": views.positions,
        "protocol_page": addresses.protocol_page,
        "ranked": views.ranked,
        "seeds_of": views.seeds_of,
        "start_of_places": views.start_of_places,
        "start_of_track": views.start_of_track,
        "start_of_tracks": views.start_of_tracks,
        "submission_page": addresses.submission_page,
        "subsets_of": views.subsets_of,
        "tint": words.tint,
        "track_page": addresses.track_page,
    }
    return made


def page(template: str, path: str, **told: Any) -> bytes:
    """Return a page.

    Args:
        template: The name of its template.
        path: Where it lies in the site.
        told: What it is about.
    """
    text = environment().get_template(template).render(root=addresses.root_of(path), **told)
    return text.encode()
