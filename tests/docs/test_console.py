"""What README and the guides show in console blocks is run, and prints what they say it prints."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.docs.console import DOCUMENTS, TOP, Command, commands, difference

BIN = Path(sys.executable).parent
GRPCURL = "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty working directory beside which the documents' own files lie."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "docs").symlink_to(TOP / "docs")
    return folder


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a new user has, with the day of the documents."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SEGMENTRY_", "AI_"))}
    return {
        **kept,
        "PATH": f"{BIN}{os.pathsep}{TOP / '.cache' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
        "SEGMENTRY_DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "SEGMENTRY_DEMO_DATE": "2025-12-16",
        "SEGMENTRY_NOW": "2025-12-16T09:00:00Z",
        "NO_COLOR": "1",
        "COLUMNS": "100",
    }


@pytest.fixture(scope="module")
def address(folder: Path, environment: dict[str, str]) -> Generator[str]:
    """The server that the documents have running on 127.0.0.1:50051, on a free port."""
    server = subprocess.Popen(
        [str(BIN / "segmentry"), "serve", "--demo", "--address", "127.0.0.1:0"],
        cwd=folder,
        env={name: value for name, value in environment.items() if name != "SEGMENTRY_NOW"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        for line in server.stderr:
            if found := re.search(r"serves gRPC on (\S+);", line):
                break
        else:
            pytest.fail(f"the server ended with {server.wait()}")
        yield found.group(1)
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate()


def _run(command: Command, folder: Path, environment: dict[str, str], address: str) -> str:
    """What is wrong with what a command prints; an empty text when nothing is."""
    text = re.sub(r"(127\.0\.0\.1|localhost):50051", address, command.text)
    done = subprocess.run(
        ["bash", "-c", text],
        cwd=folder,
        env={**environment, "SEGMENTRY_ADDRESS": address},
        capture_output=True,
        text=True,
        check=False,
    )
    # Progress is on stderr; what a document shows is the data, and an error where there is one.
    wrong = difference(command.expected, done.stdout or done.stderr)
    return (
        f"{command.document}:{command.line}: $ {text}\n{wrong}\n{done.stdout}{done.stderr}" if wrong else ""
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_prints_what_the_document_says(
    document: str, folder: Path, environment: dict[str, str], address: str
) -> None:
    ours = [command for command in commands(document) if not _is_grpcurl(command)]
    assert ours
    wrong = [fault for command in ours if (fault := _run(command, folder, environment, address))]
    assert wrong == [], "\n\n".join(wrong)
    texts = [command.text for each in DOCUMENTS for command in commands(each)]
    named = {path for text in texts for path in re.findall(r"[\w-]+\.(?:toml|jsonl|csv)", text)}
    assert {path.name for path in folder.iterdir()} <= {"docs", *named}


def test_every_make_target_of_the_documents_is_there() -> None:
    # `make demo` itself is `segmentry demo` (tests/cli/test_demo.py); `make test` is what runs this.
    named = {
        target
        for document in (*DOCUMENTS, "CONTRIBUTING.md")
        for target in re.findall(r"(?:`|^)make ([a-z-]+)", (TOP / document).read_text(), re.MULTILINE)
    }
    assert {"demo", "test"} <= named
    unknown = {
        target: done.stderr
        for target in sorted(named)
        if (
            done := subprocess.run(
                ["make", "-n", target], cwd=TOP, capture_output=True, text=True, check=False
            )
        ).returncode
    }
    assert unknown == {}


def _is_grpcurl(command: Command) -> bool:
    return command.text.startswith("grpcurl ")


@pytest.mark.timeout(900)
def test_the_grpcurl_lines_print_what_the_documents_say(
    folder: Path, environment: dict[str, str], address: str
) -> None:
    if not shutil.which("grpcurl", path=environment["PATH"]):
        if os.environ.get("CI") != "true" or not shutil.which("go"):
            pytest.skip(f"[grpcurl] not found: GOBIN=$PWD/.cache/bin go install {GRPCURL}")
        built = {**os.environ, "GOBIN": str(TOP / ".cache" / "bin")}
        subprocess.run(["go", "install", GRPCURL], env=built, check=True)
    lines = [command for document in DOCUMENTS for command in commands(document) if _is_grpcurl(command)]
    assert lines
    wrong = [fault for command in lines if (fault := _run(command, folder, environment, address))]
    assert wrong == [], "\n\n".join(wrong)
