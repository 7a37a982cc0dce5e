"""The few messages of Arrow Flight SQL that are sent and read, as Protocol Buffers has them.

All their fields are texts, bytes or small numbers, and each command travels in an `Any`, which
names its type: see FlightSql.proto and Flight.proto of Apache Arrow.
"""

from collections.abc import Iterator

CREATE_PREPARED = "CreatePreparedStatement"
CLOSE_PREPARED = "ClosePreparedStatement"
CANCEL = "CancelFlightInfo"

_TYPES = "type.googleapis.com/arrow.flight.protocol.sql."
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED = {_FIXED64: 8, _FIXED32: 4}
_CANCELED = (1, 2)  # CANCEL_STATUS_CANCELLED and _CANCELLING
_MAX_SHIFT = 63
_LOW, _MORE = 0x7F, 0x80


def statement_query(query: str) -> bytes:
    """Return the command that asks for the result of a statement."""
    return _any("CommandStatementQuery", _bytes(1, query.encode()))


def prepared_query(handle: bytes) -> bytes:
    """Return the command that asks for the result of a prepared statement."""
    return _any("CommandPreparedStatementQuery", _bytes(1, handle))


def create_prepared(query: str) -> bytes:
    """Return the body of the action that prepares a statement."""
    return _any("ActionCreatePreparedStatementRequest", _bytes(1, query.encode()))


def close_prepared(handle: bytes) -> bytes:
    """Return the body of the action that lets go of a prepared statement."""
    return _any("ActionClosePreparedStatementRequest", _bytes(1, handle))


def cancel(info: bytes) -> bytes:
    """Return the body of the action that ends a query, whose `FlightInfo` is given as bytes."""
    return _bytes(1, info)


def prepared_handle(body: bytes) -> bytes:
    """Return the handle that the action gave out.

    Raises:
        ValueError: it answered something else.
    """
    handle = _field(_inner(body, "ActionCreatePreparedStatementResult"), 1)
    if not isinstance(handle, bytes) or not handle:
        raise ValueError("no handle of a prepared statement")
    return handle


def bound_handle(metadata: bytes) -> bytes | None:
    """Return the handle that takes the place of the former one once its values are bound.

    That is in a `DoPutPreparedStatementResult`; older servers send nothing.
    """
    handle = _field(metadata, 1)
    return handle if isinstance(handle, bytes) and handle else None


def was_canceled(body: bytes) -> bool:
    """Tell whether the action has ended the query, or is about to."""
    return _field(body, 1) in _CANCELED


def _inner(body: bytes, name: str) -> bytes:
    """Take a message out of an `Any`."""
    if _field(body, 1) != f"{_TYPES}{name}".encode():
        raise ValueError(f"no {name}")
    value = _field(body, 2)
    return value if isinstance(value, bytes) else b""


def _any(name: str, message: bytes) -> bytes:
    return _bytes(1, f"{_TYPES}{name}".encode()) + _bytes(2, message)


def _bytes(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(value)) + value


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > _LOW:
        found.append(number & _LOW | _MORE)
        number >>= 7
    return bytes([*found, number])


def _field(message: bytes, number: int) -> bytes | int | None:
    """Return the last value of a field, as it counts; None if it is not there."""
    return dict(_fields(message)).get(number)


def _fields(message: bytes) -> Iterator[tuple[int, bytes | int]]:
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _read_varint(message, at)
            yield key >> 3, value
            continue
        size, at = (_FIXED[kind], at) if kind in _FIXED else _size(message, at, kind)
        if at + size > len(message):
            raise ValueError("a message that ends too early")
        yield key >> 3, message[at : at + size]
        at += size


def _size(message: bytes, at: int, kind: int) -> tuple[int, int]:
    if kind != _BYTES:
        raise ValueError("a message of an unknown kind")
    return _read_varint(message, at)


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift <= _MAX_SHIFT:
        byte = message[at]
        value |= (byte & _LOW) << shift
        at, shift = at + 1, shift + 7
        if byte <= _LOW:
            return value, at
    raise ValueError("a message that ends too early")
