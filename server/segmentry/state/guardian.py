"""The process that starts an embedded PostgreSQL and stops it when nobody uses it any more.

Run as a file by a bare interpreter (`python -I -S guardian.py ...`): standard library only, no import
of ours. It waits for an exclusive lock on `users.lock`, which every user of the server holds shared. The
kernel gives locks back when a process ends in whatever way, so the database stops with its last user
even after SIGKILL. SIGTERM stops it too. A postmaster that dies by itself is started again. This process
never ends before the postmaster does.

Arguments: folder, uid or -1, gid, lock descriptor (held for this process's life, and told its number),
then the command.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn

FAST_SHUTDOWN_S = 20.0
# PostgreSQL itself kills sessions that do not obey an immediate shutdown for 5 s; nobody else would.
IMMEDIATE_SHUTDOWN_S = 10.0
RESTARTS = 5
RESTART_WINDOW_S = 60.0
# Blocked in every thread and to the end: no handler runs while a lock is held, and no default action ends
# this process before the postmaster. That inherits it, so a request which comes before it can obey waits.
BLOCKED = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP})

# `guardian.py as UID GID COMMAND...` only becomes that account and that command.
AS = "as"


def become(uid: int, gid: int, command: list[str]) -> NoReturn:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    os.execv(command[0], command)  # noqa: S606  (our own command line)


class Guardian:
    def __init__(self, folder: Path, command: list[str], uid: int, gid: int, lock: int) -> None:
        self.folder = folder
        self.lock = lock
        self.command = command
        self.uid = uid if uid >= 0 else None
        self.gid = gid if uid >= 0 else None
        self.groups: list[int] | None = [] if uid >= 0 else None
        self.stopping = threading.Event()

    def run(self) -> int:
        signal.pthread_sigmask(signal.SIG_BLOCK, BLOCKED)
        for ignored in (signal.SIGINT, signal.SIGQUIT):
            # By the shell, which starts a command with `&` so; the postmaster would inherit it.
            signal.signal(ignored, signal.SIG_DFL)
        # Whoever reads our number may send us SIGTERM, so it is written when that is safe.
        os.ftruncate(self.lock, 0)
        os.pwrite(self.lock, f"{os.getpid()}\n".encode(), 0)
        for wait in (self._wait_for_request, self._wait_for_last_user):
            threading.Thread(target=wait, daemon=True).start()
        starts: list[float] = []
        while not self.stopping.is_set():
            starts = [at for at in starts if time.monotonic() - at < RESTART_WINDOW_S]
            if len(starts) > RESTARTS:
                return 1
            starts.append(time.monotonic())
            with (self.folder / "server.log").open("ab") as log:
                server = subprocess.Popen(  # noqa: S603  (our own command line)
                    self.command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    user=self.uid,
                    group=self.gid,
                    extra_groups=self.groups,
                )
            while server.poll() is None and not self.stopping.wait(0.1):
                pass
            if self.stopping.is_set():
                self._stop(server)
            else:
                self.stopping.wait(0.2)
        return 0

    def _wait_for_request(self) -> None:
        signal.sigwait({signal.SIGTERM})
        self.stopping.set()

    def _wait_for_last_user(self) -> None:
        with (self.folder / "users.lock").open("rb") as users:
            fcntl.flock(users, fcntl.LOCK_EX)
            self.stopping.set()
            # Kept until this process has ended: a newcomer waits until the old server is gone.
            threading.Event().wait()

    @staticmethod
    def _stop(server: subprocess.Popen[bytes]) -> None:
        # Fast shutdown (sessions end, checkpoint), then immediate, then the kernel's way.
        for request, patience_s in (
            (signal.SIGINT, FAST_SHUTDOWN_S),
            (signal.SIGQUIT, IMMEDIATE_SHUTDOWN_S),
            (signal.SIGKILL, None),
        ):
            server.send_signal(request)
            try:
                server.wait(patience_s)
            except subprocess.TimeoutExpired:
                continue
            return


def main(arguments: list[str]) -> int:
    if arguments[0] == AS:
        become(int(arguments[1]), int(arguments[2]), arguments[3:])
    folder, uid, gid, descriptor, *command = arguments
    # Everything below this process works without the lock, or it would outlive us in a backend.
    os.set_inheritable(int(descriptor), False)
    return Guardian(Path(folder), command, int(uid), int(gid), int(descriptor)).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
