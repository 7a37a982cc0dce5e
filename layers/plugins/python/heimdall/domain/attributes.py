"""Attributes of a cluster, rendered on the jobs that run there: links and texts with labels."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from heimdall.domain.cluster import Cluster
from heimdall.domain.command import CatalogEntry, Command
from heimdall.domain.job import Job
from heimdall.domain.templates import TemplateError, check_template, render

MAX_VALUE_CHARACTERS = 4_096
MAX_BYTES = 16 * 1024
"""Of all attributes of a job together, and of all that a plugin tells: they are in its item."""

_ENTRY = frozenset({"id", "name", "version", "context"})
VARIABLES: Mapping[str, frozenset[str] | None] = {
    "job": _ENTRY
    | {"user", "description", "tags", "run"}
    | {"created_at", "created_at_ms", "started_at", "started_at_ms"},
    "command": _ENTRY,
    "cluster": _ENTRY,
    "outputs": None,
}
"""What a template may read."""

_MAX_CONTEXT_CHARACTERS = 64 * 1024
_LINK = re.compile(r"https?://[^\s/?#\\\x00-\x20\x7f][^\s\\\x00-\x20\x7f]*", re.IGNORECASE)

Attributes = Mapping[str, Mapping[str, str]]


def template_faults(attributes: Attributes) -> list[dict[str, str]]:
    """Find which of a cluster's attributes have templates that are not taken.

    Returns:
        `[{"path": "attributes.<label>.value", "message": ".."}]`; empty if all are taken.
    """
    faults = []
    for label, attribute in attributes.items():
        try:
            check_template(attribute["value"], VARIABLES)
        except TemplateError as error:
            faults.append({"path": f"attributes.{label}.value", "message": str(error)})
    return faults


def with_attributes(
    job: Job, command: Command, cluster: Cluster, *, context: Mapping[str, Any]
) -> Job:
    """Return the job with its cluster's attributes rendered for it, as far as it has come.

    An attribute is left out as long as a value that it prints is not there, if it is a link and
    does not lead to an http(s) address, and if it is too long.

    Args:
        job: whose; its times, its run and its outputs are read too.
        command: what it runs.
        cluster: where; its attributes are rendered.
        context: the job's context.
    """
    if not cluster.attributes:
        return job
    values = _values(job, command, cluster, context)
    shown: dict[str, dict[str, str]] = {}
    room = MAX_BYTES
    for label, attribute in cluster.attributes.items():
        text = render(attribute["value"], values)
        if text is None or not _is_sound(text, attribute["kind"]):
            continue
        value = {"kind": attribute["kind"], "value": text}
        room -= _size({label: value})
        if room >= 0:
            shown[label] = value
    return replace(job, attributes=_written(shown) if shown else None)


def with_outputs(job: Job, outputs: Mapping[str, str]) -> Job:
    """Return the job with what its plugin told of the work since, as far as there is room."""
    if not outputs:
        return job
    kept: dict[str, str] = json.loads(job.outputs) if job.outputs else {}
    for name, value in outputs.items():
        kept[_encodable(name)] = _encodable(value)
    room = MAX_BYTES
    for name in tuple(kept):
        room -= _size({name: kept[name]})
        if room < 0:
            del kept[name]
    return replace(job, outputs=_written(kept) if kept else None)


def _values(
    job: Job, command: Command, cluster: Cluster, context: Mapping[str, Any]
) -> dict[str, Any]:
    told = {
        "id": job.id,
        "name": job.name,
        "version": job.version,
        "user": job.user,
        "description": job.description,
        "tags": list(job.tags),
        "context": _readable(context),
        "created_at": job.created_at_ms // 1_000,
        "created_at_ms": job.created_at_ms,
    }
    if job.run and job.started_at_ms is not None:
        told |= {
            "run": job.run,
            "started_at": job.started_at_ms // 1_000,
            "started_at_ms": job.started_at_ms,
        }
    return {
        "job": told,
        "command": _entry_values(command),
        "cluster": _entry_values(cluster),
        "outputs": json.loads(job.outputs) if job.outputs else {},
    }


def _entry_values(entry: CatalogEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "name": entry.name,
        "version": entry.version,
        "context": _readable(entry.context),
    }


def _readable(context: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a context unless it is so large that templates could make much of it."""
    try:
        size = len(json.dumps(dict(context)))
    except RecursionError:
        return {}
    return context if size <= _MAX_CONTEXT_CHARACTERS else {}


def _is_sound(text: str, kind: str) -> bool:
    if len(text) > MAX_VALUE_CHARACTERS:
        return False
    return kind != "link" or _LINK.fullmatch(text) is not None


def _encodable(text: object) -> str:
    """Return a plugin's text without halves of surrogate pairs, which no store takes."""
    return str(text).encode(errors="replace").decode()


def _size(values: Mapping[str, Any]) -> int:
    return len(_written(values).encode())


def _written(values: Mapping[str, Any]) -> str:
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False)
