"""The names of result types, and what they are in Arrow.

A name is of a grammar that all data engines share: `boolean`, `int`, `float`, `decimal(p,s)`,
`decimal`, `string`, `binary`, `date`, `time`, `timetz`, `timestamp`, `timestamptz`, `interval`,
`uuid`, `json`, `null`, `list<T>`, `map<K,V>`, `struct<name: T, ..>`. Arrow has no type for some of
them; those are texts whose field says in its metadata what they are.
"""

from collections.abc import Callable, Mapping

import pyarrow as pa
from pyarrow import types as kinds

TYPE_KEY = b"heimdall.type"
"""Where the metadata of a field of texts says what these are."""

NAMED_TEXTS = frozenset({"decimal", "timetz", "uuid", "json", "interval"})

MAX_DECIMAL_DIGITS = 76

_SCALARS: Mapping[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "int": pa.int64(),
    "float": pa.float64(),
    "string": pa.string(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", tz="UTC"),
    "interval": pa.month_day_nano_interval(),
    "null": pa.null(),
}

_SYNONYMS = {
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint", "long"), "int"),
    **dict.fromkeys(("real", "double"), "float"),
    **dict.fromkeys(("char", "varchar", "text"), "string"),
}
"""Names that other plugins' engines have for the same."""

_Test = Callable[[pa.DataType], bool]

_NAMES: tuple[tuple[_Test, str], ...] = (
    (kinds.is_boolean, "boolean"),
    (kinds.is_integer, "int"),
    (kinds.is_floating, "float"),
    (kinds.is_date, "date"),
    (kinds.is_time, "time"),
    (kinds.is_interval, "interval"),
    (kinds.is_duration, "interval"),
    (kinds.is_null, "null"),
    (kinds.is_string, "string"),
    (kinds.is_large_string, "string"),
    (kinds.is_string_view, "string"),
    (kinds.is_binary, "binary"),
    (kinds.is_large_binary, "binary"),
    (kinds.is_binary_view, "binary"),
    (kinds.is_fixed_size_binary, "binary"),
)


def column_type(field: pa.Field) -> str:
    """Return the name of a field's type, as a result's column has it."""
    named = (field.metadata or {}).get(TYPE_KEY)
    return named.decode() if named else _name(field.type)


def named_text(name: str, kind: str, *, nullable: bool = True) -> pa.Field:
    """Return a field of texts that are of a type which Arrow does not have."""
    return pa.field(name, pa.string(), nullable=nullable, metadata={TYPE_KEY: kind.encode()})


def arrow_field(name: str, type_name: str) -> pa.Field:
    """Return the field of a column by the name of its type.

    A name that is none of the grammar's is the engine's own; its values are texts.
    """
    try:
        return _field(name, type_name.strip())
    except ValueError:
        return named_text(name, type_name)


def struct_fields(kind: pa.DataType) -> list[pa.Field]:
    """Return the fields of a struct, those named alike too."""
    return [kind.field(number) for number in range(kind.num_fields)]


def _name(kind: pa.DataType) -> str:
    for is_of, name in _NAMES:
        if is_of(kind):
            return name
    if kinds.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if kinds.is_timestamp(kind):
        return "timestamptz" if kind.tz else "timestamp"
    if kinds.is_dictionary(kind):
        return _name(kind.value_type)
    return _nested_name(kind)


def _nested_name(kind: pa.DataType) -> str:
    if kinds.is_struct(kind):
        fields = (kind.field(number) for number in range(kind.num_fields))
        return (
            f"struct<{', '.join(f'{_quoted(each.name)}: {column_type(each)}' for each in fields)}>"
        )
    if kinds.is_map(kind):
        return f"map<{column_type(kind.key_field)},{column_type(kind.item_field)}>"
    if hasattr(kind, "value_field"):  # every kind of list
        return f"list<{column_type(kind.value_field)}>"
    return str(kind)


def _quoted(name: str) -> str:
    plain = name.isidentifier() and name.isascii()
    return name if plain else '"' + name.replace('"', '""') + '"'


def _field(name: str, type_name: str) -> pa.Field:
    found = _SYNONYMS.get(type_name, type_name)
    if found in _SCALARS:
        return pa.field(name, _SCALARS[found])
    if found in NAMED_TEXTS:
        return named_text(name, found)
    opened, inner = _taken_apart(type_name)
    match opened, inner:
        case "decimal", [precision, scale]:
            return _decimal(name, int(precision), int(scale))
        case "list", [item]:
            return pa.field(name, pa.list_(_field("item", item)))
        case "map", [key, item]:
            key_field = _field("key", key).with_nullable(False)
            return pa.field(name, pa.map_(key_field, _field("value", item)))
        case "struct", _:
            return pa.field(name, pa.struct([_named_field(each) for each in inner]))
    raise ValueError(f"{type_name!r} is no type")


def _decimal(name: str, precision: int, scale: int) -> pa.Field:
    if precision <= pa.decimal128(38, 0).precision:
        return pa.field(name, pa.decimal128(precision, scale))
    return pa.field(name, pa.decimal256(precision, scale))


def _named_field(text: str) -> pa.Field:
    if text.startswith('"'):
        end = text.index('":', 1)
        return _field(text[1:end].replace('""', '"'), text[end + 2 :].strip())
    name, colon, kind = text.partition(":")
    if not colon:
        raise ValueError(f"{text!r} is no field")
    return _field(name.strip(), kind.strip())


def _taken_apart(text: str) -> tuple[str, list[str]]:
    """Split `name<a,b>` or `name(a,b)` into the name and what is within, at its own commas."""
    start = min((at for at in (text.find("<"), text.find("(")) if at > 0), default=-1)
    if start < 0 or text[-1] not in ">)":
        raise ValueError(f"{text!r} is no type")
    inner, depth, quoted, parts = text[start + 1 : -1], 0, False, [""]
    for character in inner:
        quoted ^= character == '"'
        if not quoted:
            depth += (character in "<(") - (character in ">)")
        if character == "," and depth == 0 and not quoted:
            parts.append("")
        else:
            parts[-1] += character
    return text[:start], [part.strip() for part in parts if part.strip()]
