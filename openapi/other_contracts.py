"""The contracts of the routes about the audit trail and the gateway itself."""

from collections.abc import Mapping

from heimdall.domain.audit import Outcome
from openapi.contract import Contract, answers, number, text
from openapi.other_answers import AuditPage
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
    "get_openapi": Contract(
        tag="gateway",
        responses=answers({"type": "object"}, "this document"),
    ),
}
