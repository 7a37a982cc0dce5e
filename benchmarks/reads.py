"""What a call to DynamoDB read, and what is charged for it."""

from collections.abc import Callable

from benchmarks.capacity import Item, read_units
from benchmarks.recorder import Call

Whole = Callable[[str, Item], Item]
"""Returns the entry of an index of which a query showed a part."""

_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"})


def what_was_read(call: Call, whole: Whole) -> tuple[list[Item], float]:
    """Return the items and entries that a call read, and its read units.

    Raises:
        RuntimeError: nobody has thought of this call yet.
    """
    if call.operation in _WRITES:
        return [], 0
    if call.operation == "GetItem":
        found = [call.answer["Item"]] if "Item" in call.answer else []
        is_strong = bool(call.parameters.get("ConsistentRead"))
        return found, read_units(found, strongly=is_strong, one_by_one=True)
    if call.operation == "BatchGetItem":
        found = [item for items in call.answer["Responses"].values() for item in items]
        is_strong = any(
            keys.get("ConsistentRead") for keys in call.parameters["RequestItems"].values()
        )
        return found, read_units(found, strongly=is_strong, one_by_one=True)
    if call.operation == "Query" and "FilterExpression" not in call.parameters:
        index = call.parameters.get("IndexName")
        found = [whole(index, item) if index else item for item in call.answer["Items"]]
        return found, read_units(found, strongly=index is None, one_by_one=False)
    raise RuntimeError(f"teach the benchmark what {call.name} reads")
