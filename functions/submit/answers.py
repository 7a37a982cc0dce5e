"""What a submission is answered with."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from functions.submit.schemas import JobRequest
from functions.submit.service import Submission
from heimdall.http.views import job_view

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of `POST /job`.

    Attributes:
        status: 202 if a sync job goes on, else 200.
        view: the job as clients see it.
        headers: what else it says.
    """

    status: HTTPStatus
    view: Json
    headers: Mapping[str, str] = field(default_factory=dict)


def answer_of(submission: Submission, request: JobRequest) -> Answer:
    """Return the answer to a submission."""
    result = json.loads(submission.result) if submission.result else None
    view = job_view(submission.job, context=request.context, result=result)
    if not submission.goes_on:
        return Answer(HTTPStatus.OK, view)
    return Answer(HTTPStatus.ACCEPTED, view, {"Location": f"/api/v1/job/{submission.job.id}"})
