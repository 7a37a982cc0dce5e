"""What a job looks like as an item of DynamoDB."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from operator import attrgetter
from typing import Any

from heimdall.domain.job import Job
from heimdall.domain.job_status import JobStatus
from heimdall.domain.listing import ListedJob
from heimdall.store import keys

Item = dict[str, Any]

_TO_ATTRIBUTE: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "str": lambda value: {"S": value},
    "int": lambda value: {"N": str(value)},
    "bool": lambda value: {"BOOL": value},
    "bytes": lambda value: {"B": value},
    "tuple": lambda value: {"L": [{"S": entry} for entry in value]},
    "JobStatus": lambda value: {"S": value.value},
}
_FROM_ATTRIBUTE: Mapping[str, Callable[[Any], Any]] = {
    "str": lambda value: value["S"],
    "int": lambda value: int(value["N"]),
    "bool": lambda value: value["BOOL"],
    "bytes": lambda value: bytes(value["B"]),
    "tuple": lambda value: tuple([entry["S"] for entry in value["L"]]),
    "JobStatus": lambda value: JobStatus(value["S"]),
}


def _kind(annotation: Any) -> str:  # noqa: ANN401 - an annotation
    name = annotation if isinstance(annotation, str) else str(annotation)
    for kind in ("JobStatus", "tuple", "bytes", "bool", "int", "str"):
        if kind in name:
            return kind
    raise TypeError(f"a job's field cannot be kept as {name}")


_FIELDS = [
    (
        field.name,
        None if field.default is MISSING else field.default,
        _TO_ATTRIBUTE[_kind(field.type)],
        _FROM_ATTRIBUTE[_kind(field.type)],
    )
    for field in fields(Job)
]
_values_of = attrgetter(*(name for name, *_ in _FIELDS))
"""All of a job's values in one go: one by one they would cost a tenth of a short run's time."""

_LISTED = [
    (
        field.name,
        field.default,
        _TO_ATTRIBUTE[_kind(field.type)],
        _FROM_ATTRIBUTE[_kind(field.type)],
    )
    for field in fields(ListedJob)
    if field.name != "id"
]


def encode(job: Job) -> Item:
    """Write a job as an item; a field that has its default takes no room.

    A context of None, which means that it is kept in S3, is written as NULL.
    """
    item: Item = dict(keys.job_key(job.id))
    for (name, default, to_attribute, _), value in zip(_FIELDS, _values_of(job), strict=True):
        if value != default:
            item[name] = {"NULL": True} if value is None else to_attribute(value)
    return item | _index_attributes(job)


def differences(before: Job, after: Job) -> tuple[Item, list[str]]:
    """Compare the items of two states of a job, writing no more than what they differ in.

    Returns:
        The attributes that the second one has otherwise, and the names of those that it lacks.
    """
    changed: Item = {}
    gone: list[str] = []
    states = zip(_FIELDS, _values_of(before), _values_of(after), strict=True)
    for (name, default, to_attribute, _), was, value in states:
        if value == was:
            continue
        if value == default:
            gone.append(name)
        else:
            changed[name] = {"NULL": True} if value is None else to_attribute(value)
    old, new = _index_attributes(before), _index_attributes(after)
    if old != new:
        changed |= {name: value for name, value in new.items() if old.get(name) != value}
        gone += [name for name in old if name not in new]
    return changed, gone


def decode(item: Mapping[str, Any]) -> Job:
    """Read a job from its item; attributes that this version does not know are left alone."""
    values: dict[str, Any] = {}
    for name, _, _, from_attribute in _FIELDS:
        attribute = item.get(name)
        if attribute is not None:
            values[name] = None if "NULL" in attribute else from_attribute(attribute)
    return Job(**values)


def encode_listed(job: ListedJob) -> Item:
    """Write what an index holds of a job, its keys aside."""
    return {
        name: to_attribute(getattr(job, name))
        for name, default, to_attribute, _ in _LISTED
        if getattr(job, name) != default
    }


def decode_listed(job_id: str, item: Mapping[str, Any]) -> ListedJob:
    """Read what an index, or a marker, holds of a job."""
    values = {
        name: from_attribute(item[name]) for name, *_, from_attribute in _LISTED if name in item
    }
    return ListedJob(id=job_id, **values)


def _index_attributes(job: Job) -> Item:
    return keys.index_attributes(job.id, job.user, job.finished_at_ms)
