"""Reads messages of Protocol Buffers whose fields are texts, bytes and numbers."""


def message(data: bytes) -> dict[int, bytes | int]:
    """Return the fields of a message by their numbers."""
    fields: dict[int, bytes | int] = {}
    rest = data
    while rest:
        key, rest = _number(rest)
        if key % 8 == 0:
            fields[key // 8], rest = _number(rest)
        else:
            assert key % 8 == 2, "neither a number nor bytes"
            size, rest = _number(rest)
            fields[key // 8], rest = rest[:size], rest[size:]
    return fields


def packed(data: bytes) -> tuple[str, dict[int, bytes | int]]:
    """Return the name of what an `Any` of Flight SQL holds, and its fields."""
    fields = message(data)
    prefix = b"type.googleapis.com/arrow.flight.protocol.sql."
    assert bytes(fields[1]).startswith(prefix)
    return bytes(fields[1]).removeprefix(prefix).decode(), message(bytes(fields.get(2, b"")))


def written(number: int, value: bytes) -> bytes:
    """Write one field of bytes, up to 16,383 of them."""
    size = len(value)
    length = bytes([size]) if size < 128 else bytes([size % 128 + 128, size // 128])
    return bytes([number * 8 + 2]) + length + value


def pack(name: str, data: bytes) -> bytes:
    """Write an `Any`."""
    kind = f"type.googleapis.com/arrow.flight.protocol.sql.{name}"
    return written(1, kind.encode()) + written(2, data)


def _number(data: bytes) -> tuple[int, bytes]:
    value = 0
    for place, byte in enumerate(data):
        value += (byte % 128) << 7 * place
        if byte < 128:
            return value, data[place + 1 :]
    raise AssertionError("no end of a number")
