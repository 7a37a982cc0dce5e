"""The contracts of the routes about health, the audit trail and the gateway itself."""

from collections.abc import Mapping

from heimdall.domain.audit import Outcome
from openapi.answers import Error, GatewayRefusal
from openapi.contract import JSON, Contract, Response, answers, number, reference, text
from openapi.other_answers import AuditPage, Health
from openapi.parameters import CURSOR, LIMIT, like

OTHER_CONTRACTS: Mapping[str, Contract] = {
    "list_audit": Contract(
        tag="audit",
        parameters=[
            like("user", "of for whom it was"),
            like("action", "of what was done, such as `command.%`"),
            like("target", "of what it was done to, such as `job/%`"),
            text("outcome", "what became of it", enum=sorted(Outcome)),
            number("since", "not before, in seconds since the epoch", minimum=0),
            number("until", "before, in seconds since the epoch", minimum=0),
            LIMIT,
            CURSOR,
        ],
        responses=answers(AuditPage, "a page of the trail"),
    ),
    "check_clusters": Contract(
        tag="health",
        responses={
            **answers(Health, "no check found anything wrong"),
            503: Response(
                description="some check found something wrong; or the gateway is out of reach",
                content={
                    JSON: {
                        "anyOf": [reference(Health), reference(Error), reference(GatewayRefusal)]
                    }
                },
            ),
        },
    ),
    "check_cluster": Contract(tag="health", responses=answers(Health, "whatever the checks found")),
    "get_openapi": Contract(
        tag="gateway",
        responses=answers({"type": "object"}, "this document"),
    ),
}
