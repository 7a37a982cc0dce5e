"""The contracts of the routes about health, the audit trail and the gateway itself."""

from collections.abc import Mapping

from functions.submit.schemas import RedriveRequest
from heimdall.domain.audit import Outcome
from openapi.answers import Error, GatewayRefusal
from openapi.contract import JSON, Contract, Response, answers, number, reference, text
from openapi.other_answers import AuditPage, DeadLetterPage, Health, Redriven
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
    "list_dead_letters": Contract(
        tag="deliveries",
        parameters=[LIMIT, CURSOR],
        responses=answers(DeadLetterPage, "a page of what was put aside"),
    ),
    "redrive_dead_letters": Contract(
        tag="deliveries",
        request=RedriveRequest,
        responses=answers(Redriven, "what was put back, and what was not"),
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
