"""DynamoDB's rules for the size of an item, and for what reading and writing one is charged."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Item = Mapping[str, Any]

TABLE_KEYS = ("pk", "sk")
WRITE_UNIT_BYTES = 1_024
READ_UNIT_BYTES = 4_096
_COLLECTION_BYTES = 3


@dataclass(frozen=True, slots=True)
class Index:
    """A secondary index.

    Attributes:
        keys: an item that lacks one of these attributes is not in the index.
        projected: what an entry holds beside the keys of index and table; None for everything.
    """

    name: str
    keys: tuple[str, ...]
    projected: tuple[str, ...] | None

    def entry(self, item: Item | None) -> Item | None:
        """Return the entry of an item, or None if it has none."""
        if item is None or not all(key in item for key in self.keys):
            return None
        if self.projected is None:
            return item
        names = {*TABLE_KEYS, *self.keys, *self.projected}
        return {name: value for name, value in item.items() if name in names}


def item_bytes(item: Item) -> int:
    """Return the size of an item: its attributes' names and values."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def write_units(before: Item | None, after: Item | None, indexes: Iterable[Index]) -> Counter[str]:
    """Return what one write is charged, in the table and in each index that it touches.

    Args:
        before: the item as it was; None if there was none.
        after: the item as it is; None if it was removed.
        indexes: those of the table.
    """
    units = Counter({"table": _units(max(_size(before), _size(after)), WRITE_UNIT_BYTES)})
    for index in indexes:
        units[index.name] = _index_units(index, index.entry(before), index.entry(after))
    return +units


def read_units(items: Iterable[Item], *, strongly: bool, one_by_one: bool) -> float:
    """Return what one read is charged.

    Args:
        items: those that were read, as the table or index holds them.
        strongly: consistently, and not for half the price.
        one_by_one: each item is rounded up, as GetItem and BatchGetItem do; Query rounds the sum.
    """
    sizes = [item_bytes(item) for item in items]
    charged = sizes if one_by_one else [sum(sizes)]
    units = sum(_units(size, READ_UNIT_BYTES) for size in charged or [0])
    return units if strongly else units / 2


def _index_units(index: Index, before: Item | None, after: Item | None) -> int:
    if before == after:
        return 0
    if before is not None and after is not None and _key(index, before) == _key(index, after):
        return _units(max(_size(before), _size(after)), WRITE_UNIT_BYTES)
    # the entry moves: removed in one place, put in another
    return sum(_units(_size(entry), WRITE_UNIT_BYTES) for entry in (before, after) if entry)


def _key(index: Index, entry: Item) -> list[Any]:
    return [entry[key] for key in index.keys]


def _size(item: Item | None) -> int:
    return item_bytes(item) if item is not None else 0


def _units(size: int, unit: int) -> int:
    return max(1, -(-size // unit))


def _value_bytes(attribute: Mapping[str, Any]) -> int:
    ((kind, value),) = attribute.items()
    return _SIZE_OF[kind](value)


def _number_bytes(text: str) -> int:
    """A byte for each two significant digits, one for the exponent, one for a minus."""
    digits = text.lstrip("-").replace(".", "").strip("0")
    return (len(digits) + 1) // 2 + 1 + text.startswith("-")


def _list_bytes(values: list[Any]) -> int:
    return _COLLECTION_BYTES + sum(1 + _value_bytes(value) for value in values)


def _map_bytes(values: Item) -> int:
    return _COLLECTION_BYTES + len(values) + item_bytes(values)


_SIZE_OF: Mapping[str, Callable[[Any], int]] = {
    "S": lambda text: len(text.encode()),
    "N": _number_bytes,
    "B": len,
    "BOOL": lambda _: 1,
    "NULL": lambda _: 1,
    "L": _list_bytes,
    "M": _map_bytes,
    "SS": lambda texts: sum(len(text.encode()) for text in texts),
    "NS": lambda texts: sum(_number_bytes(text) for text in texts),
    "BS": lambda values: sum(len(value) for value in values),
}
