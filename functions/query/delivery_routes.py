"""What runners' queues gave up on, read."""

from typing import Any

from aws_lambda_powertools.event_handler import Response

from functions.query.listing import list_page
from heimdall.domain.access import Role
from heimdall.domain.dead_letters import DeadLetter
from heimdall.http.resolver import build_router
from heimdall.http.views import filled, seconds
from heimdall.runtime import query_runtime

SHOWN_CHARACTERS = 1_000
"""Of a message that is no delivery; a whole page of whole ones would not fit an answer."""

router = build_router(takes=Role.OPERATOR)


@router.get("/api/v1/deliveries/dead")
def list_dead_letters() -> Response[str]:
    """List what runners did not take.

    Newest jobs and messages come first. Jobs on this list are FAILED until they are redriven.
    """
    return list_page(router, "dead letters", query_runtime().dead_letters().list_letters, _view)


def _view(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "runner": letter.runner,
        "reason": letter.reason,
        "sent_at": seconds(letter.sent_at_ms),
        "put_aside_at": seconds(letter.dead_at_ms),
        **filled(job_id=letter.job_id, run=letter.run),
        **({} if letter.is_delivery else {"body": letter.body[:SHOWN_CHARACTERS]}),
    }
