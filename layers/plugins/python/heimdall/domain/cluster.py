"""Clusters: where a command may run."""

from dataclasses import dataclass

from heimdall.domain.command import CatalogEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster(CatalogEntry):
    """A place to run at: an engine, a database, a machine; its context says how to reach it."""
