"""Clusters: where a command may run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from heimdall.domain.command import CatalogEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster(CatalogEntry):
    """A place to run at: an engine, a database, a machine; its context says how to reach it.

    Attributes:
        attributes: what jobs that run here show, by label:
            `{"kind": "link", "value": "<template>"}`.
        health_check: whether it is probed.
    """

    kind: ClassVar[str] = "cluster"

    attributes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    health_check: bool = False
