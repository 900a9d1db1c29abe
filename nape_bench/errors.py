"""The errors that nape_bench raises on purpose, which derive from `NapeError`, and its warning."""

from __future__ import annotations


class NapeError(Exception):
    """Base of all errors raised on purpose; the CLI prints it without a traceback."""


class UnknownNameError(NapeError, KeyError):
    """A name that no registry entry, dataset, split or column has."""

    def __str__(self) -> str:
        """Return the message itself: `KeyError` would print its repr."""
        return str(self.args[0])


class GraphError(NapeError, ValueError):
    """A graph that is malformed; the message names the node."""


class SpecError(NapeError, ValueError):
    """A specification that a space cannot read; the message says what was expected.

    Messages repeat what was given, which may be a file's whole content: they are shortened.
    """

    def __init__(self, message: str) -> None:
        super().__init__(shortened(message))


class DataError(NapeError, ValueError):
    """A dataset, table or prediction file that does not hold what it should."""


class IntegrityError(DataError):
    """Content that does not have the hash that its version promises."""


class StoreError(NapeError):
    """A file that many measurements share cannot be read or written: a run ends with it."""


class HubError(NapeError):
    """The Hub cannot be asked, has not what was asked for, or refuses it."""


class StoredCopyWarning(UserWarning):
    """The newest version was asked for, and only what was brought before could be looked at."""


class PublishError(NapeError):
    """A version that cannot be published as asked: it would change or hide a published one."""


class ProtocolError(NapeError, ValueError):
    """A protocol that cannot be run as asked, or predictions that do not fit it."""


_LONGEST, _START, _END = 600, 350, 150


def shortened(text: str) -> str:
    """Return a text; of a long one its beginning, how long it is, and its end."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_START]} ... ({len(text):,} characters in all) ... {text[-_END:]}"
