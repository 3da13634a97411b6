"""The image cannot be built without an engine: its file is checked, its install and start are replayed."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest
from segmentry.state.embedded import EmbeddedPostgres

TOP = Path(__file__).resolve().parents[2]


def _instructions() -> list[tuple[str, str]]:
    """Keyword and arguments of every instruction, continuation lines joined."""
    text = (TOP / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [
        (keyword.upper(), rest.strip())
        for line in joined.splitlines()
        if line.strip()
        for keyword, _, rest in [line.strip().partition(" ")]
    ]


def _final_stage() -> list[tuple[str, str]]:
    instructions = _instructions()
    last = max(index for index, (keyword, _) in enumerate(instructions) if keyword == "FROM")
    return instructions[last:]


def _only(keyword: str) -> str:
    (found,) = [rest for name, rest in _final_stage() if name == keyword]
    return found


def test_every_base_is_pinned_to_an_exact_version() -> None:
    bases = [rest.split()[0] for keyword, rest in _instructions() if keyword == "FROM"]
    assert len(bases) == 2
    assert all(re.fullmatch(r"python:3\.11\.\d+-slim-\w+(@sha256:[0-9a-f]{64})?", base) for base in bases)
    assert len(set(bases)) == 1, "a virtual environment belongs to the interpreter that made it"


def test_hashes_decide_what_is_installed_and_nothing_is_compiled() -> None:
    (install,) = [
        rest for keyword, rest in _instructions() if keyword == "RUN" and re.search(r"\binstall\b", rest)
    ]
    assert "--require-hashes" in install
    assert "--only-binary :all:" in install
    assert "requirements/server.txt" in install


def test_the_final_stage_has_no_installer_and_no_secret() -> None:
    runs = [rest for keyword, rest in _final_stage() if keyword == "RUN"]
    assert any("pip uninstall" in run for run in runs)
    assert not any(re.search(r"\b(apt-get|install|gcc|curl)\b", run) for run in runs)
    kept = [rest for keyword, rest in _instructions() if keyword in ("ENV", "ARG")]
    assert not any(re.search(r"KEY|SECRET|TOKEN|PASSWORD|DSN", rest) for rest in kept)


def test_it_runs_as_a_numbered_user_and_ends_on_sigterm() -> None:
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", _only("USER"))
    assert _only("STOPSIGNAL") == "SIGTERM"
    assert json.loads(_only("ENTRYPOINT")) == ["segmentry"]
    assert json.loads(_only("CMD")) == ["serve"]
    assert json.loads(_only("HEALTHCHECK").partition("CMD")[2]) == ["segmentry", "health"]


def test_the_label_names_this_version() -> None:
    from segmentry import __version__  # noqa: PLC0415  # what this test is about

    assert f'org.opencontainers.image.version="{__version__}"' in _only("LABEL")


def test_only_what_the_image_is_made_of_reaches_the_engine() -> None:
    kept = [line for line in (TOP / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert kept[0] == "*"
    copied = [
        rest.split()[0]
        for keyword, rest in _instructions()
        if keyword == "COPY" and not rest.startswith("--from")
    ]
    assert {line[1:] for line in kept if line.startswith("!")} == set(copied)
    assert all((TOP / path).exists() for path in copied)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _installed(folder: Path) -> Path:
    """The environment of the image: the hashed wheels from uv's cache, the sources, the command."""
    uv = TOP / ".venv" / "bin" / "uv"
    if not uv.exists():
        pytest.skip("[uv] not found: `make setup` could not get it, and pip would ask the network")
    environment = folder / "segmentry"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin" / "python"
    # `sync` takes the file as it is, as `make setup` did; `install` would resolve it, with data not cached.
    command = [str(uv), "pip", "sync", "--quiet", "--offline", "--python", str(python), "--require-hashes"]
    command += ["--only-binary", ":all:", str(TOP / "requirements" / "server.txt")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 and "offline" in done.stderr + done.stdout:
        pytest.skip("[uv cache] a wheel of requirements/server.txt is not cached: run `make setup`")
    assert done.returncode == 0, done.stderr
    site = next((environment / "lib").glob("python3.*")) / "site-packages"
    for source in ("server/segmentry", "clients/python/segmentry_client"):
        shutil.copytree(TOP / source, site / Path(source).name, ignore=shutil.ignore_patterns("__pycache__"))
    (shebang,) = [rest for keyword, rest in _instructions() if keyword == "RUN" and "printf" in rest]
    lines = re.findall(r"'([^']*)'", shebang.partition(" > ")[0])[1:]
    script = environment / "bin" / "segmentry"
    script.write_text("\n".join(lines).replace("/opt/segmentry", str(environment)) + "\n")
    script.chmod(0o755)
    return environment


@pytest.fixture
def postgres_dsn(postgres_folder: Path) -> Generator[str]:
    server = EmbeddedPostgres(postgres_folder, durable=False)
    dsn = asyncio.run(server.start())
    try:
        yield dsn
    finally:
        asyncio.run(server.stop())


@pytest.mark.timeout(120)
def test_what_the_image_installs_starts_answers_and_stops(
    tmp_path_factory: pytest.TempPathFactory, postgres_dsn: str
) -> None:
    folder = tmp_path_factory.mktemp("image")
    environment = _installed(folder)
    command = str(environment / "bin" / "segmentry")
    address = f"127.0.0.1:{_free_port()}"
    data = folder / "tmp"
    data.mkdir()
    variables = {
        "PATH": f"{environment / 'bin'}:/usr/bin:/bin",
        "SEGMENTRY_ADDRESS": address,
        "SEGMENTRY_DATA_DIR": str(data / "segmentry"),
        "SEGMENTRY_DATABASE_DSN": postgres_dsn,
        "SEGMENTRY_DEMO": "true",
        "SEGMENTRY_DEMO_MEMBERS": "1000",
        "HOME": "/nonexistent",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    server = subprocess.Popen([command, "serve"], env=variables, cwd=data, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 60
        while subprocess.run([command, "health"], env=variables, capture_output=True, check=False).returncode:
            assert server.poll() is None, (server.stderr or sys.stderr).read()
            assert time.monotonic() < deadline
        answer = subprocess.run(
            [command, "preview", "{}", "--json"], env=variables, capture_output=True, check=True
        )
        assert json.loads(answer.stdout)["count"] == 1000
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
    finally:
        server.kill()
        server.wait()
        assert server.stderr is not None
        server.stderr.close()
    refused = subprocess.run([command, "health"], env=variables, capture_output=True, check=False)
    assert refused.returncode == 9
