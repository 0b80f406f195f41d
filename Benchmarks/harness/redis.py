"""As much of a Redis client as a benchmark needs: one connection, one command at a time (RESP 2)."""

from __future__ import annotations

import socket

Reply = "int | bytes | None | list"


class RedisError(ValueError):
    """An error reply, in Redis' words."""


class Redis:
    def __init__(self, port: int, timeout: float = 30) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = self._socket.makefile("rb")

    def __enter__(self) -> Redis:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()
        self._socket.close()

    def send(self, *words: str | bytes | int) -> Reply:
        """Sends a command and returns its reply: an int, bytes, None or a list of such."""
        parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        request = b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
        self._socket.sendall(request)
        return self._read()

    def _read(self) -> Reply:
        line = self._reader.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b"-":
            raise RedisError(rest.decode(errors="replace"))
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if int(rest) < 0 else self._exactly(int(rest))
        if kind == b"*":
            return None if int(rest) < 0 else [self._read() for _ in range(int(rest))]
        raise RedisError(f"a reply of unknown kind: {line!r}")

    def _exactly(self, count: int) -> bytes:
        data = self._reader.read(count + 2)
        if len(data) != count + 2:
            raise ConnectionError("Redis closed the connection within a reply")
        return data[:-2]
