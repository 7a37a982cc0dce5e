"""The contracts of the routes about commands, clusters, bindings and policies."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from functions.submit.catalog_schemas import (
    BindingRequest,
    ClusterRequest,
    CommandRequest,
    RollbackRequest,
    StatusRequest,
)
from functions.submit.policy_schemas import PolicyRequest
from heimdall.domain.command import CatalogStatus
from openapi.catalog_answers import (
    Binding,
    BindingPage,
    Cluster,
    ClusterPage,
    Command,
    CommandPage,
    EntryState,
    PastBinding,
    PastCluster,
    PastCommand,
    PastPolicy,
    Policy,
    PolicyPage,
    RevisionPage,
)
from openapi.contract import Contract, answers, header, text
from openapi.parameters import CURSOR, DIRECTION, LIMIT, ORDER_BY, like

TAG = "catalog"
ETAG = "the revision, for `If-Match`"
STATUSES = {"type": "array", "items": {"type": "string", "enum": sorted(CatalogStatus)}}
PRECONDITIONS = (
    header("If-Match", 'only if the entry is at this revision, such as `"12"`, or `*`: exists'),
    header("If-None-Match", "`*`: only if there is no such entry yet"),
)
CONFLICT = (409,)


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """What is different about the routes of a kind of entry."""

    name: str
    plural: str
    answer: type[BaseModel]
    page: type[BaseModel]
    past: type[BaseModel]
    request: type[BaseModel]
    filters: tuple[str, ...] = ("id", "name", "version")

    def contracts(self) -> Iterator[tuple[str, Contract]]:
        yield from self._reads()
        yield from self._history()
        yield from self._writes()

    def _reads(self) -> Iterator[tuple[str, Contract]]:
        yield (
            f"list_{self.plural}",
            Contract(
                tag=TAG,
                parameters=[
                    *(like(field, _OF[field].format(self.name)) for field in self.filters),
                    like("username", "of who wrote it last"),
                    text("status", "statuses of which it has one, separated by commas"),
                    ORDER_BY,
                    DIRECTION,
                    LIMIT,
                    CURSOR,
                ],
                responses=answers(self.page, f"a page of {self.plural}"),
            ),
        )
        yield (
            f"list_{self.name}_statuses",
            Contract(tag=TAG, responses=answers(STATUSES, "all statuses, in alphabetical order")),
        )
        yield (
            f"get_{self.name}",
            Contract(tag=TAG, responses=answers(self.answer, f"the {self.name}", ETag=ETAG)),
        )
        yield (
            f"get_{self.name}_status",
            Contract(tag=TAG, responses=answers(EntryState, "its status", ETag=ETAG)),
        )

    def _history(self) -> Iterator[tuple[str, Contract]]:
        yield (
            f"list_{self.name}_revisions",
            Contract(
                tag=TAG,
                parameters=[LIMIT, CURSOR],
                responses=answers(RevisionPage, "a page of its history"),
            ),
        )
        yield (
            f"get_{self.name}_revision",
            Contract(
                tag=TAG,
                responses=answers(self.past, f"the {self.name} as of then, and what was changed"),
            ),
        )

    def _writes(self) -> Iterator[tuple[str, Contract]]:
        yield (
            f"put_{self.name}",
            Contract(
                tag=TAG,
                request=self.request,
                parameters=PRECONDITIONS,
                refusals=CONFLICT,
                responses=answers(self.answer, f"the {self.name} as it is now", ETag=ETAG),
            ),
        )
        yield (
            f"put_{self.name}_status",
            Contract(
                tag=TAG,
                request=StatusRequest,
                parameters=PRECONDITIONS,
                refusals=CONFLICT,
                responses=answers(EntryState, "its status now", ETag=ETAG),
            ),
        )
        yield (
            f"roll_{self.name}_back",
            Contract(
                tag=TAG,
                request=RollbackRequest,
                parameters=PRECONDITIONS,
                refusals=CONFLICT,
                responses=answers(self.answer, f"the {self.name} as it is now", ETag=ETAG),
            ),
        )


_OF = {
    "id": "of the {0}'s id or name",
    "name": "of the {0}'s name",
    "version": "of the {0}'s version",
    "plugin": "of the {0}'s plugin",
}
_KINDS = (
    _Kind(
        name="command",
        plural="commands",
        answer=Command,
        page=CommandPage,
        past=PastCommand,
        request=CommandRequest,
        filters=("id", "name", "version", "plugin"),
    ),
    _Kind(
        name="cluster",
        plural="clusters",
        answer=Cluster,
        page=ClusterPage,
        past=PastCluster,
        request=ClusterRequest,
    ),
    _Kind(
        name="binding",
        plural="bindings",
        answer=Binding,
        page=BindingPage,
        past=PastBinding,
        request=BindingRequest,
        filters=("id", "name"),
    ),
    _Kind(
        name="policy",
        plural="policies",
        answer=Policy,
        page=PolicyPage,
        past=PastPolicy,
        request=PolicyRequest,
    ),
)

CATALOG_CONTRACTS: Mapping[str, Contract] = {
    name: contract for kind in _KINDS for name, contract in kind.contracts()
}
