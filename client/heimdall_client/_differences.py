"""What differs between an entry of the catalog and what it is to become."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import zip_longest
from typing import Any, TypeGuard

from heimdall_client._catalog_models import CatalogEntry, EntryDefinition

SYSTEM_TAGS = ("_id:", "_name:", "_version:")


class Absent(Enum):
    """Stands where there is no value, not even null."""

    NOTHING = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One field, or one part of a field that has parts.

    Attributes:
        path: such as `description`, `context.properties.region`, `rules[0].tables`.
        before: JSON, or `Absent.NOTHING`; so is what it becomes.
    """

    path: str
    before: Any
    after: Any

    @property
    def field(self) -> str:
        """The field that this is in."""
        return self.path.partition(".")[0].partition("[")[0]


def differences(entry: CatalogEntry, wanted: EntryDefinition) -> Iterator[Difference]:
    """Compare an entry with its definition, field by field."""
    before = entry.model_dump(mode="json")
    for name, value in wanted.model_dump(mode="json").items():
        yield from _parts(name, _plain(name, before.get(name)), _plain(name, value))


def _parts(path: str, before: object, after: object) -> Iterator[Difference]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys([*before, *after]):
            parts = (side.get(name, Absent.NOTHING) for side in (before, after))
            yield from _parts(f"{path}.{name}", *parts)
    elif _are_objects(before) and _are_objects(after):
        for index, sides in enumerate(zip_longest(before, after, fillvalue=Absent.NOTHING)):
            yield from _parts(f"{path}[{index}]", *sides)
    elif _comparable(path, before) != _comparable(path, after):
        yield Difference(path, before, after)


def _are_objects(value: object) -> TypeGuard[list[Mapping[str, Any]]]:
    """Whether this is a list of which each item has parts."""
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)


def _comparable(path: str, value: object) -> object:
    """Lists of the definition itself are sets; true is not 1, as Python has it."""
    if value is Absent.NOTHING:
        return value
    if isinstance(value, list) and "." not in path:
        return {json.dumps(item) for item in value}
    return json.dumps(value, sort_keys=True)


def _plain(name: str, value: object) -> object:
    """Leave an object's own system tags out: they are nobody's to write."""
    if name != "tags" or not isinstance(value, list):
        return value
    return [tag for tag in value if not tag.startswith(SYSTEM_TAGS)]
