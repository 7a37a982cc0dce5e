"""What an Iceberg table's metadata file says, as one row with Heimdall's `message` first."""

import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import Column

T = TypeVar("T")

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP = 31  # zlib's number for data with a gzip header
_CHUNK_BYTES = 256 * 1024
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_FAULTS = (
    *(ValueError, KeyError, TypeError, AttributeError),
    *(OverflowError, RecursionError),
)
"""What reading may raise of a text that is something else."""

COLUMNS = [
    Column("message", "string"),
    Column("table_name", "string"),
    Column("metadata_location", "string"),
    Column("table_uuid", "uuid"),
    Column("format_version", "int"),
    Column("location", "string"),
    Column("last_updated", "timestamptz"),
    Column("current_snapshot_id", "int"),
    Column("snapshot_count", "int"),
    Column("schema", "json"),
    Column("partition_spec", "json"),
    Column("properties", "json"),
]


def row_of(table_name: str, location: str, text: str) -> list[Any]:
    """Return the one row of the result: the whole file, and what people ask of it.

    Raises:
        PluginError: the text is no metadata of Iceberg.
    """
    try:
        metadata = json.loads(text, parse_constant=_refuse)
        version = _told(metadata, "format-version", int)
        if version is None:
            raise KeyError("format-version")
        return [
            text,
            table_name,
            location,
            _told(metadata, "table-uuid", str),
            version,
            _told(metadata, "location", str),
            _time(_told(metadata, "last-updated-ms", int)),
            _snapshot(_told(metadata, "current-snapshot-id", int)),
            len(metadata.get("snapshots") or ()),
            _json(_current(metadata, "schemas", "current-schema-id", "schema-id", "schema")),
            _json(_fields_of_spec(metadata)),
            _json(metadata.get("properties") or {}),
        ]
    except _FAULTS as error:
        raise PluginError(
            f"{location} is no metadata file of Iceberg: {type(error).__name__}: {error}"
        ) from error


def unpacked(chunks: Iterable[bytes], *, max_bytes: int) -> str:
    """Read a file to its end, packed by gzip or not, and no further than `max_bytes`.

    Raises:
        PluginError: it is larger, or cannot be unpacked, or is no text in UTF-8.
    """
    content = bytearray()
    try:
        for part in _parts(chunks):
            content += part
            if len(content) > max_bytes:
                raise PluginError(
                    f"the metadata file has more than {max_bytes:,} bytes, which the command's "
                    "max_metadata_bytes allows: expire snapshots of the table",
                    failure=Failure.USER_ERROR,
                )
        return content.decode()
    except (zlib.error, EOFError) as error:
        raise PluginError(f"the metadata file cannot be unpacked: {error}") from error
    except UnicodeDecodeError as error:
        raise PluginError(f"the metadata file is no text in UTF-8: {error}") from error


def _parts(chunks: Iterable[bytes]) -> Iterable[bytes]:
    """Yield bounded parts: a packed file may be thousands of times as large when unpacked."""
    source = iter(chunks)
    first = next(source, b"")
    if not first.startswith(_GZIP_MAGIC):
        yield first
        yield from source
        return
    unpacker = zlib.decompressobj(_GZIP)
    rest: bytes | None = first
    while rest is not None:
        while rest:
            yield unpacker.decompress(rest, _CHUNK_BYTES)
            rest = unpacker.unconsumed_tail
        rest = next(source, None)
    yield unpacker.flush()
    if not unpacker.eof:
        raise EOFError("it ends in the middle")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number in JSON")


def _told(metadata: Mapping[str, Any], name: str, kind: type[T]) -> T | None:
    """Return a value of the metadata, which has to be what it is called."""
    value = metadata.get(name)
    if value is not None and type(value) is not kind:
        raise TypeError(f"{name} is of the type {type(value).__name__}")
    return value


def _current(metadata: Mapping[str, Any], many: str, chosen: str, key: str, one: str) -> Any:  # noqa: ANN401 - JSON
    """Return the schema or spec that counts; version 1 may have it by itself."""
    for each in metadata.get(many) or ():
        if each.get(key) == metadata.get(chosen):
            return each
    return metadata.get(one)


def _fields_of_spec(metadata: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    spec = _current(metadata, "partition-specs", "default-spec-id", "spec-id", "partition-spec")
    return spec.get("fields") if isinstance(spec, dict) else spec


def _snapshot(number: int | None) -> int | None:
    """Return the id of the current snapshot; some writers say -1 for none."""
    return None if number == -1 else number


def _time(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _json(value: Any) -> str | None:  # noqa: ANN401 - JSON
    return None if value is None else _encode(value)


_encode: Callable[[Any], str] = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
