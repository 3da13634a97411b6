"""Where a server may listen, and what is said when it cannot."""

from __future__ import annotations

import ipaddress
import os
import socket
import stat
from pathlib import Path

import grpc

from segmentry.errors import FailedPrecondition, InvalidParameters

# sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero included.
_SOCKET_PATH_BYTES = 103


class CannotListen(FailedPrecondition):
    """The address is taken, or not ours to take."""

    reason = "INVALID_STATE"


def listen(server: grpc.aio.Server, address: str) -> str:
    """Bind the server to `host:port` or `unix:PATH`; return the address to dial, with the real port.

    Raises: InvalidParameters for an address that is none, or that others could reach; CannotListen.
    """
    if address.startswith("unix:"):
        return _listen_socket(server, address)
    host, port = _split(address)
    _refuse_public(host, address)
    bracketed = f"[{host}]" if ":" in host else host
    try:
        bound = server.add_insecure_port(f"{bracketed}:{port}")
    except RuntimeError:
        bound = 0
    if bound == 0:
        raise CannotListen(
            f"cannot listen on {address}: port {port} is taken or not allowed. Stop what listens there, or "
            f"choose another with --address {bracketed}:0 (SEGMENTRY_ADDRESS), which takes a free one",
            address=address,
        )
    return f"{bracketed}:{bound}"


def remove_socket(address: str) -> None:
    """Remove the socket of an address that `listen` returned, if it is one."""
    if address.startswith("unix:"):
        Path(address.removeprefix("unix:")).unlink(missing_ok=True)


def _split(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdecimal() or int(port) > 65535:
        raise InvalidParameters(
            f"{address!r} is no address; write host:port such as 127.0.0.1:50051, or unix:PATH",
            field="address",
            address=address,
        )
    return host, int(port)


def _refuse_public(host: str, address: str) -> None:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise InvalidParameters(
            f"refusing to listen on {address}: without authentication and TLS, which this version does not "
            "have, everyone who reaches the port reads every tenant. Use 127.0.0.1, [::1] or unix:PATH, and "
            "put something that authenticates in front",
            field="address",
            address=address,
        )


def _listen_socket(server: grpc.aio.Server, address: str) -> str:
    given = address.removeprefix("unix:")
    path = Path(given).absolute()
    if not given or len(os.fsencode(path)) > _SOCKET_PATH_BYTES:
        raise InvalidParameters(
            f"{address!r} is no socket: a path of at most {_SOCKET_PATH_BYTES} bytes is needed",
            field="address",
            address=address,
        )
    _refuse_taken_socket(path, address)
    # The socket is the only lock there is without authentication: nobody else may open it.
    before = os.umask(0o177)
    try:
        bound = server.add_insecure_port(f"unix:{path}")
    except RuntimeError:
        bound = 0
    finally:
        os.umask(before)
    if bound == 0:
        raise CannotListen(
            f"cannot listen on {address}: its folder has to exist and to be writable", address=address
        )
    return f"unix:{path}"


def _refuse_taken_socket(path: Path, address: str) -> None:
    """gRPC removes a socket that is in the way, even that of a live server, so we look first."""
    try:
        is_socket = stat.S_ISSOCK(path.stat().st_mode)
    except OSError:
        return
    if not is_socket:
        raise CannotListen(f"cannot listen on {address}: there is a file of that name", address=address)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except OSError:
            path.unlink(missing_ok=True)
            return
    raise CannotListen(
        f"cannot listen on {address}: a server listens there already; stop it or choose another path",
        address=address,
    )
