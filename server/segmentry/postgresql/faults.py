"""What a failing PostgreSQL means to a caller: the one place that knows asyncpg's exceptions."""

from __future__ import annotations

import errno
import random
from collections.abc import Generator
from contextlib import contextmanager

from asyncpg import exceptions as pg

from segmentry.errors import InvalidValue, SegmentryError, StorageFull, StoreBusy, Unavailable

# A restart of the database is over within a few seconds; the jitter keeps callers from coming back as one.
RETRY_AFTER_S = 1.0

_FULL = (pg.DiskFullError, pg.InsufficientResourcesError)
_LOST = (
    pg.PostgresConnectionError,
    pg.AdminShutdownError,
    pg.CrashShutdownError,
    pg.CannotConnectNowError,
    pg.TooManyConnectionsError,
    pg.ReadOnlySQLTransactionError,
    pg.IdleInTransactionSessionTimeoutError,
    pg.InvalidAuthorizationSpecificationError,
    pg.InvalidCatalogNameError,
    # A database that is closed to connections for a while, a materialised view that is not filled.
    pg.ObjectNotInPrerequisiteStateError,
)
# What a table's owner can do to it while we read it.
_CHANGED = (
    pg.UndefinedTableError,
    pg.UndefinedColumnError,
    pg.UndefinedFunctionError,
    pg.DatatypeMismatchError,
    pg.NumericValueOutOfRangeError,
    pg.InvalidTextRepresentationError,
    pg.InvalidParameterValueError,
)
# PostgreSQL has no text with NUL in it, not even as a value to compare with.
_NO_TEXT = (pg.CharacterNotInRepertoireError, pg.UntranslatableCharacterError)


class ConnectionLost(Unavailable):
    """The store cannot be reached, or went away in the middle: nothing says whether a write was done."""


def retry_after_s() -> float:
    return RETRY_AFTER_S * random.uniform(0.5, 1.5)


def says_changed(err: BaseException) -> bool:
    """Whether a statement that was right for a table no longer is: columns went or changed their type."""
    return isinstance(err, _CHANGED)


def says_forbidden(err: BaseException) -> bool:
    """Whether the role may not read what it was asked to read."""
    return isinstance(err, pg.InsufficientPrivilegeError)


@contextmanager
def translated() -> Generator[None]:
    """Turn the driver's exceptions into ours; messages never hold SQL, values or the DSN.

    Raises: StoreBusy, StorageFull, ConnectionLost (an Unavailable); InvalidValue for a text that cannot be
    stored, and so is nowhere to be found. A statement that is wrong in itself
    stays what it is: it is our bug, and the outermost interceptor makes it INTERNAL.
    """
    try:
        yield
    except SegmentryError:
        raise
    except _NO_TEXT as err:
        raise InvalidValue(
            "a text of the request holds a NUL character; leave it out", problem="range"
        ) from err
    except _FULL as err:
        raise StorageFull("the store has no space left", retry_after_s=retry_after_s()) from err
    except (pg.QueryCanceledError, pg.LockNotAvailableError, pg.DeadlockDetectedError) as err:
        raise StoreBusy("the store did not answer in time", retry_after_s=retry_after_s()) from err
    except TimeoutError as err:
        raise StoreBusy("the store did not answer in time", retry_after_s=retry_after_s()) from err
    except _LOST as err:
        raise ConnectionLost("the store cannot be reached", retry_after_s=retry_after_s()) from err
    except pg.InternalClientError as err:
        # What asyncpg makes of a connection that was cut while it was idle.
        raise ConnectionLost("the store cannot be reached", retry_after_s=retry_after_s()) from err
    except pg.InterfaceError as err:
        # asyncpg says "connection is closed" and the like with this class, and also misuse of its API.
        if "closed" in str(err) or "released" in str(err):
            raise ConnectionLost("the store cannot be reached", retry_after_s=retry_after_s()) from err
        raise
    except OSError as err:
        if err.errno == errno.ENOSPC:
            raise StorageFull("the store has no space left", retry_after_s=retry_after_s()) from err
        raise ConnectionLost("the store cannot be reached", retry_after_s=retry_after_s()) from err
