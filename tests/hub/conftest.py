"""One Hub and two users' processes for all tests here: one that may ask it, one that may not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.hub.answers import TOKEN
from tests.hub.server import Hub

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]


@dataclass
class Answered:
    """What a user's process said of a task: its value or its error, and what it printed."""

    value: Any
    error: str | None
    message: str | None
    out: str
    err: str


class User:
    """A process of a user.

    Args:
        hub: The Hub that it knows.
        scratch: A folder of its own.
        offline: Whether HF_HUB_OFFLINE is set.
    """

    def __init__(self, hub: Hub, scratch: Path, *, offline: bool) -> None:
        self.home = scratch / "home"
        self.token = TOKEN
        environment = {
            **os.environ,
            "HF_ENDPOINT": hub.address,
            "HF_HOME": str(scratch / "hf"),
            "HF_HUB_OFFLINE": "1" if offline else "0",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.hub.worker"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _do(self, task: str, **arguments: Any) -> Answered:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        environment = {"NAPE_BENCH_HOME": str(self.home), "HF_TOKEN": self.token}
        told = {"task": task, "arguments": arguments, "environment": environment}
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        return Answered(**json.loads(self._process.stdout.readline()))

    def cli(self, *argv: str) -> Answered:
        """Run `nape-bench`; the value is its exit status."""
        return self._do("cli", argv=list(argv))

    def load(self, name: str, config: str | None = None, **options: Any) -> Answered:
        """Load a dataset with nape_bench; `package=False` hides what the package ships."""
        return self._do("load", name=name, config=config, **options)

    def plain(self, name: str, config: str | None = None, **options: Any) -> Answered:
        """Load a dataset with `datasets` alone."""
        return self._do("plain", name=name, config=config, **options)

    def client(self, name: str, folder: Path) -> Answered:
        """Use the Hub as `worker.client` does."""
        return self._do("client", name=name, folder=str(folder))

    def end(self) -> None:
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()


@pytest.fixture(scope="session")
def server() -> Iterator[Hub]:
    hub = Hub()
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture
def hub(server: Hub) -> Iterator[Hub]:
    """The Hub, with nothing in it."""
    server.reset()
    yield server
    server.reset()


@pytest.fixture(scope="session")
def _online(server: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    user = User(server, tmp_path_factory.mktemp("online"), offline=False)
    yield user
    user.end()


@pytest.fixture(scope="session")
def _offline(server: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    user = User(server, tmp_path_factory.mktemp("offline"), offline=True)
    yield user
    user.end()


@pytest.fixture
def user(_online: User, hub: Hub, own_home: Path) -> User:
    """A user who may write to the Hub, with a local folder that this test alone has."""
    _online.home, _online.token = own_home, TOKEN
    return _online


@pytest.fixture
def offline(_offline: User, hub: Hub, own_home: Path) -> User:
    """A user with HF_HUB_OFFLINE set, and the same local folder."""
    _offline.home = own_home
    return _offline
