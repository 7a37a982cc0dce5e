"""Dead deliveries put back."""

from aws_lambda_powertools.event_handler import Response

from functions.submit.schemas import RedriveRequest, body
from heimdall.domain.access import Role
from heimdall.http.resolver import access, build_router, json_response
from heimdall.runtime import submit_runtime

router = build_router(takes=Role.OPERATOR)


@router.post("/api/v1/deliveries/dead/redrive")
def redrive_dead_letters() -> Response[str]:
    """Put back what runners did not take.

    Its jobs wait for their run once more. Without `ids` all deliveries of jobs are put back, up to
    100 of them at a time. A message that is no delivery is put back only if its id is given.
    """
    from functions.submit.redrive import redrive

    request = body(router, RedriveRequest)
    done = redrive(request.ids, access=access(router), runtime=submit_runtime())
    left = [{"id": letter_id, "reason": reason} for letter_id, reason in done.left]
    return json_response({"redriven": done.redriven, "left": left, "has_more": done.has_more})
