"""The embedded PostgreSQL: start, share, survive a kill, stop with its last user."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from segmentry.state import account
from segmentry.state.embedded import MAJOR, EmbeddedPostgres

from tests.processes import processes_of

USER = """
import asyncio, sys
from pathlib import Path
from segmentry.state.database import Database

async def main():
    database = Database(directory=Path(sys.argv[1]), durable=False)
    await database.open()
    row = await database.fetch_one("SELECT count(*) AS n FROM schema_migration")
    print("ready", row.integer("n"), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await database.close()
    print("closed", flush=True)

asyncio.run(main())
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")


@pytest.fixture
def folder() -> Generator[Path]:
    """An empty folder that every account can pass."""
    with tempfile.TemporaryDirectory(prefix="segmentry-tests-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


def postmaster(folder: Path) -> int:
    return int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])


def start_user(folder: Path, *prefix: str, python: str = sys.executable) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*prefix, python, "-c", USER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(each for each in sys.path if each)},
    )


def line(user: subprocess.Popen[str]) -> str:
    assert user.stdout is not None
    return user.stdout.readline().strip()


def finish(user: subprocess.Popen[str]) -> None:
    user.communicate(timeout=15)
    assert user.returncode == 0


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_stops_with_its_owner_and_starts_again_on_its_old_data(folder: Path) -> None:
    first = start_user(folder)
    assert line(first).startswith("ready")
    finish(first)
    assert processes_of(folder) == []
    made_at = (folder / "data" / "PG_VERSION").stat().st_mtime_ns
    second = start_user(folder)
    assert line(second).startswith("ready")
    finish(second)
    assert (folder / "data" / "PG_VERSION").stat().st_mtime_ns == made_at
    assert processes_of(folder) == []


def test_two_processes_share_one_server_until_the_last_ends(folder: Path) -> None:
    users = [start_user(folder) for _ in range(3)]
    for user in users:
        assert line(user).startswith("ready")
    server = postmaster(folder)
    for user in users[:2]:
        finish(user)
        os.kill(server, 0)
    finish(users[2])
    assert processes_of(folder) == []


def test_no_process_is_left_after_the_owner_is_killed(folder: Path) -> None:
    owner = start_user(folder)
    assert line(owner).startswith("ready")
    owner.kill()
    owner.communicate()
    until(lambda: not processes_of(folder))
    again = start_user(folder)
    assert line(again).startswith("ready")
    finish(again)


def test_a_killed_guardian_and_server_leave_nothing_that_stands_in_the_way(folder: Path) -> None:
    owner = start_user(folder)
    assert line(owner).startswith("ready")
    os.kill(int((folder / "guardian.lock").read_text()), signal.SIGKILL)
    server = postmaster(folder)
    os.kill(server, signal.SIGKILL)
    owner.kill()
    owner.communicate()
    assert (folder / "data" / "postmaster.pid").exists()
    again = start_user(folder)
    assert line(again).startswith("ready")
    assert postmaster(folder) != server
    finish(again)
    assert processes_of(folder) == []


def test_a_server_without_a_guardian_is_replaced(folder: Path) -> None:
    owner = start_user(folder)
    assert line(owner).startswith("ready")
    orphan = postmaster(folder)
    os.kill(int((folder / "guardian.lock").read_text()), signal.SIGKILL)
    owner.kill()
    owner.communicate()
    again = start_user(folder)
    assert line(again).startswith("ready")
    assert postmaster(folder) != orphan
    finish(again)
    assert processes_of(folder) == []


def test_a_server_whose_guardian_was_killed_stops_with_its_user(folder: Path) -> None:
    owner = start_user(folder)
    assert line(owner).startswith("ready")
    os.kill(int((folder / "guardian.lock").read_text()), signal.SIGKILL)
    finish(owner)
    assert processes_of(folder) == []


def sleeper() -> subprocess.Popen[bytes]:
    """A process of PostgreSQL's own account: the number of any other account would not count for it."""
    owner = account.account()
    return subprocess.Popen(["sleep", "60"], user=owner.uid if owner.switch else None)


async def test_stale_files_that_name_a_foreign_process_do_not_stop_the_start(folder: Path) -> None:
    server = EmbeddedPostgres(folder, durable=False)
    await server.start()
    await server.stop()
    foreign = sleeper()
    try:
        stale = f"{foreign.pid}\n{folder}/data\n0\n5432\n/tmp\n\n\nready\n"
        (folder / "data" / "postmaster.pid").write_text(stale)
        (folder / "socket").mkdir(mode=0o700)
        (folder / "socket" / ".s.PGSQL.5432.lock").write_text(stale)
        await server.start()
        assert postmaster(folder) != foreign.pid
        await server.stop()
    finally:
        foreign.kill()
        foreign.wait()


async def test_a_postmaster_that_dies_is_started_again(folder: Path) -> None:
    server = EmbeddedPostgres(folder, durable=False)
    await server.start()
    old = postmaster(folder)
    os.kill(old, signal.SIGKILL)

    def is_new() -> bool:
        lines = (folder / "data" / "postmaster.pid").read_text().splitlines()
        return len(lines) > 7 and int(lines[0]) != old and lines[7].strip() == "ready"

    until(is_new)
    await server.stop()
    assert processes_of(folder) == []


async def test_of_users_that_leave_together_the_last_stops_the_server(folder: Path) -> None:
    server = EmbeddedPostgres(folder, durable=False)
    await server.start()
    with (folder / "users.lock").open("rb") as users, (folder / "stop.lock").open("ab") as leaver:
        # As another process that is about to leave.
        fcntl.flock(users, fcntl.LOCK_SH)
        fcntl.flock(leaver, fcntl.LOCK_EX)
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0.1)
        users.close()
    await stopping
    assert processes_of(folder) == []


async def test_a_start_that_is_given_up_leaves_no_process(folder: Path) -> None:
    first = EmbeddedPostgres(folder, durable=False)
    await first.start()
    await first.stop()
    starting = asyncio.create_task(EmbeddedPostgres(folder, durable=False).start())
    await asyncio.to_thread(until, lambda: bool(processes_of(folder)))
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert processes_of(folder) == []


async def test_a_start_while_the_guardian_before_ends_starts_its_own(folder: Path) -> None:
    with (folder / "guardian.lock").open("ab") as guardian:
        # A guardian that ends has given its lock on the users back, but not yet its own.
        fcntl.flock(guardian, fcntl.LOCK_EX)
        server = EmbeddedPostgres(folder, durable=False)
        starting = asyncio.create_task(server.start())
        await asyncio.sleep(0.1)
    await starting
    await server.stop()
    assert processes_of(folder) == []


async def test_a_half_made_data_folder_is_made_again(folder: Path) -> None:
    (folder / "data.partial").mkdir()
    (folder / "data.partial" / "PG_VERSION").write_text("18\n")
    server = EmbeddedPostgres(folder, durable=False)
    await server.start()
    await server.stop()
    assert not (folder / "data.partial").exists()


async def test_a_very_long_path_keeps_its_socket_elsewhere(folder: Path) -> None:
    deep = folder / ("a" * 120) / ("b" * 120)
    server = EmbeddedPostgres(deep, durable=False)
    dsn = await server.start()
    assert "a" * 120 not in dsn
    await server.stop()
    assert processes_of("a" * 120) == []


@as_root
def test_root_runs_it_unprivileged_and_reaches_around_a_closed_folder(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    asked = closed / "postgres"
    user = start_user(asked)
    assert line(user).startswith("ready")
    elsewhere = Path((asked / "postgres.location").read_text().strip())
    try:
        assert Path(f"/proc/{postmaster(elsewhere)}").stat().st_uid != 0
        assert closed.stat().st_mode & 0o777 == 0o700
    finally:
        finish(user)
        shutil.rmtree(elsewhere)


@as_root
def test_data_that_stood_in_for_a_folder_go_when_the_folder_is_gone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "SHARED_HOMES", (folder / "shared",))
    who = account.account()
    asked = [folder / name for name in ("gone", "kept", "used")]
    for each in asked:
        each.mkdir(mode=0o700)
    gone, kept, used = [account.reachable(each, who) for each in asked]
    with (used / "users.lock").open("wb") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        shutil.rmtree(asked[0])
        shutil.rmtree(asked[2])
        account.reachable(asked[1], who)
        assert not gone.exists()
        assert kept.exists()
        assert used.exists()


@as_root
def test_root_reaches_binaries_in_a_closed_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = account.binaries(MAJOR).parent
    libraries = wheel.parent.parent / f"{account.WHEEL}.libs"
    packages = folder / "closed" / "site-packages"
    packages.mkdir(parents=True)
    for source in (wheel, libraries):
        target = packages / source.relative_to(wheel.parent.parent)
        shutil.copytree(source, target, symlinks=True, copy_function=os.link)
    (folder / "closed").chmod(0o700)
    monkeypatch.setattr(account, "SHARED_HOMES", (folder / "shared",))
    who = account.account()
    closed = packages / account.WHEEL / wheel.name / "bin"
    assert not who.passes(closed)
    reachable = account.reachable_binaries(closed, who)
    assert who.passes(reachable)
    # The program starts, so it also finds its libraries.
    subprocess.run(
        [str(reachable / "initdb"), "--version"],
        user=who.uid,
        group=who.gid,
        extra_groups=[],
        check=True,
        cwd="/",
        stdout=subprocess.DEVNULL,
    )
    assert account.reachable_binaries(closed, who) == reachable


@as_root
def test_an_ordinary_user_can_run_it(folder: Path) -> None:
    shutil.chown(folder, "nobody")
    nobody = account.Account(folder.stat().st_uid, folder.stat().st_gid, switch=False)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    pythons = [Path(sys.executable).resolve(), Path("/usr/bin") / version, Path("/usr/local/bin") / version]
    usable = [each for each in pythons if each.exists() and nobody.passes(each.parent)]
    if not usable or not nobody.passes(Path(__file__).parent):
        pytest.skip("no Python of this version, or not this checkout, can be read by an ordinary user")
    become = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    user = start_user(folder, *become, "--inh-caps=-all", "--bounding-set=-all", python=str(usable[0]))
    assert line(user).startswith("ready")
    assert Path(f"/proc/{postmaster(folder)}").stat().st_uid == nobody.uid
    finish(user)
    assert processes_of(folder) == []


async def test_a_user_who_comes_while_the_last_one_goes_finds_a_server(folder: Path) -> None:
    last = EmbeddedPostgres(folder, durable=False)
    await last.start()
    for turn in range(6):
        next_one = EmbeddedPostgres(folder, durable=False)
        async with asyncio.TaskGroup() as users:
            users.create_task(last.stop())
            await asyncio.sleep(turn * 0.01)
            users.create_task(next_one.start())
        assert _answers(folder)
        last = next_one
    await last.stop()
    assert processes_of(folder) == []


def _answers(folder: Path) -> bool:
    return (folder / "data" / "postmaster.pid").read_text().splitlines()[7].strip() == "ready"
