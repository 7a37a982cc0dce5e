"""Finds what types a result has: the built-in ones by their numbers, others in the catalog."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.postgres import types as built_in

from heimdall.plugins.postgres.value_types import (
    SCALARS,
    TEXT,
    ValueType,
    decimal_type,
    list_of,
    struct_of,
)

_LOOK_UP = """
SELECT t.oid::int8, t.typtype::text, t.typbasetype::int8, t.typtypmod,
       CASE WHEN t.typcategory = 'A' AND t.typlen = -1 THEN t.typelem::int8 ELSE 0 END,
       array(SELECT a.attname::text FROM pg_catalog.pg_attribute a
             WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
             ORDER BY a.attnum),
       array(SELECT a.atttypid::int8 FROM pg_catalog.pg_attribute a
             WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
             ORDER BY a.attnum),
       array(SELECT a.atttypmod FROM pg_catalog.pg_attribute a
             WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
             ORDER BY a.attnum)
FROM pg_catalog.pg_type t WHERE t.oid = ANY(%s::int8[]::oid[])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogType:
    """What the server's catalog says of a type that is not built in.

    Attributes:
        kind: `b`ase, `c`omposite, `d`omain, `e`num, `r`ange, `m`ultirange, `p`seudo.
        origin: of a domain: the type that it restricts, and that one's modifier.
        element: of an array; 0 of anything else.
        fields: of a composite type: names, types and modifiers.
    """

    kind: str
    origin: tuple[int, int] = (0, -1)
    element: int = 0
    fields: Sequence[tuple[str, int, int]] = field(default=())

    @property
    def parts(self) -> Iterable[int]:
        """The types that it is made of."""
        return {self.origin[0], self.element, *(oid for _, oid, _ in self.fields)} - {0}


Catalog = Mapping[int, CatalogType]


def is_known(oid: int) -> bool:
    """Whether a type is built in: other servers give it the same number."""
    return built_in.get(oid) is not None


def look_up(connection: psycopg.Connection[Any], oids: Iterable[int]) -> Catalog:
    """Ask the catalog for types, and for those that they are made of."""
    found: dict[int, CatalogType] = {}
    wanted = {oid for oid in oids if not is_known(oid)}
    while wanted:
        rows = connection.execute(_LOOK_UP, [sorted(wanted)]).fetchall()
        fresh = {row[0]: _catalog_type(*row[1:]) for row in rows}
        found.update(fresh)
        parts = {part for entry in fresh.values() for part in entry.parts}
        wanted = {part for part in parts if part not in found and not is_known(part)}
    return found


def value_type(oid: int, modifier: int, catalog: Catalog) -> ValueType:
    """Return how values of a type are read.

    Args:
        oid: the type's number.
        modifier: what the column adds to the type, like the digits of a `numeric`; -1 for none.
        catalog: of types that are not built in; what is not there either is read as a text.
    """
    info = built_in.get(oid)
    if info is not None:
        is_numeric = info.name == "numeric"
        kind = decimal_type(modifier) if is_numeric else SCALARS.get(info.name, TEXT)
        return list_of(kind) if oid == info.array_oid else kind
    entry = catalog.get(oid)
    if entry is None:
        return TEXT
    if entry.element:
        return list_of(value_type(entry.element, modifier, catalog))
    if entry.kind == "d":
        origin, of_domain = entry.origin
        return value_type(origin, of_domain, catalog)
    if entry.kind == "c" and entry.fields:
        fields = [(name, value_type(part, mod, catalog)) for name, part, mod in entry.fields]
        return struct_of(fields)
    return TEXT


def _catalog_type(
    kind: str,
    origin: int,
    modifier: int,
    element: int,
    *fields: Sequence[Any],
) -> CatalogType:
    return CatalogType(
        kind=kind,
        origin=(origin, modifier),
        element=element,
        fields=tuple(zip(*fields, strict=True)),
    )
