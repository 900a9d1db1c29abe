"""The command line itself: help, exit statuses, and how little it imports."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import nape_bench
from nape_bench.cli import main as cli
from nape_bench.cli.main import COMMANDS, main
from nape_bench.errors import NapeError

if TYPE_CHECKING:
    from nape_bench.cli.command import Command

HEAVY = ("torch", "torch_geometric", "datasets", "pyarrow", "sklearn", "scipy", "onnx", "numpy")
HELP = "from nape_bench.cli.main import main\ntry: main(['{}'])\nexcept SystemExit: pass"


def python(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *args], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "code",
    [
        "import nape_bench",
        "import nape_bench; dir(nape_bench)",
        HELP.format("--help"),
        HELP.format("run', '--help"),
    ],
)
def test_importing_and_help_load_nothing_heavy(code: str) -> None:
    done = python("-c", f"{code}\nimport sys; print('LOADED', *sys.modules)")
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.split("LOADED", 1)[1].split()
    assert "nape_bench" in loaded
    assert not set(HEAVY) & set(loaded)


def test_python_m_nape_bench() -> None:
    done = python("-m", "nape_bench", "--version")
    assert (done.returncode, done.stdout) == (0, f"nape-bench {nape_bench.__version__}\n")


def test_the_installed_command_prints_help() -> None:
    done = subprocess.run(
        [os.path.join(os.path.dirname(sys.executable), "nape-bench"), "--help"],  # noqa: PTH118, PTH120
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "quickstart" in done.stdout


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    words = capsys.readouterr().out.split()
    for module in COMMANDS:
        assert module.split("_", maxsplit=1)[0] in words


@pytest.mark.parametrize("module", COMMANDS)
def test_every_command_has_help_with_examples_that_parse(
    module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    import importlib
    import shlex

    command: Command = importlib.import_module(f"nape_bench.cli.{module}").COMMAND
    with pytest.raises(SystemExit) as caught:
        main([*command.name.split(), "--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert "examples:" in out
    assert " ".join(command.description.split()[:4]) in " ".join(out.split())
    for line in command.examples:
        words = shlex.split(line.rpartition("| ")[2].partition(" > ")[0])
        assert words[0] == "nape-bench"
        assert cli._parser().parse_args(words[1:]).command == command


def test_no_command_and_unknown_ones(capsys: pytest.CaptureFixture[str]) -> None:
    for argv in ([], ["nosuch"], ["run"], ["import"], ["run", "flops", "--protocol"]):
        with pytest.raises(SystemExit) as caught:
            main(argv)
        assert caught.value.code == 2
    assert "invalid choice: 'nosuch'" in capsys.readouterr().err


class Raising:
    """Stands for a command that fails."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def run(self, args: argparse.Namespace) -> None:
        raise self.error


def with_error(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> int:
    parser = argparse.ArgumentParser()
    parser.set_defaults(command=Raising(error))
    monkeypatch.setattr(cli, "_parser", lambda: parser)
    return main([])


def test_our_errors_are_one_line_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert with_error(monkeypatch, NapeError("a\nb")) == 2
    assert capsys.readouterr() == ("", "nape-bench: error: a b\n")
    assert with_error(monkeypatch, PermissionError(13, "Permission denied", "/x")) == 2
    assert capsys.readouterr().err == "nape-bench: error: [Errno 13] Permission denied: '/x'\n"


def test_an_interrupt_is_status_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert with_error(monkeypatch, KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "nape-bench: interrupted\n"


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError):
        with_error(monkeypatch, ZeroDivisionError())


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = [sys.executable, "-m", "nape_bench", "graph", "hiaml", "--random", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141
