"""The contracts of the routes about jobs."""

from collections.abc import Mapping
from dataclasses import replace

from functions.submit.schemas import JobRequest
from heimdall.domain.job_status import JobStatus
from openapi.answers import CancelAccepted, Job, JobPage, JobState, Result, RunPage
from openapi.contract import (
    CSV,
    JSON,
    TEXT,
    Contract,
    Response,
    answers,
    header,
    number,
    reference,
    text,
)
from openapi.explain_answers import Explanation
from openapi.parameters import CURSOR, DIRECTION, LIMIT, ORDER_BY, like

TAG = "jobs"
REPLAYED = {"Idempotency-Replayed": "`true` if this is the first answer once more"}
ELSEWHERE = Response(
    description="it is too large for an answer: here is where it is, for a few minutes",
    headers={"Location": "a presigned address; fetch it without a signature of your own"},
)
VARY = {"Vary": "`Accept`"}
RANGES = {"Accept-Ranges": "`bytes`"}
STREAM = Contract(
    tag=TAG,
    parameters=[
        number("offset", "the first byte wanted; it counts more than `Range`", minimum=0),
        number("run", "which run's; the latest one's if left out", minimum=1),
        header("Range", "bytes wanted, such as `bytes=0-1023`, `bytes=4096-` or `bytes=-500`"),
    ],
    refusals=[416],
    responses={
        200: Response(
            description="all of it, as far as it goes now", content={TEXT: None}, headers=RANGES
        ),
        206: Response(
            description="a piece of it",
            content={TEXT: None},
            headers={
                "Content-Range": "which bytes; the size is `*` while the job runs",
                "X-Heimdall-Next-Offset": "where to go on reading, if there was more",
                **RANGES,
            },
        ),
        307: replace(ELSEWHERE, headers={**ELSEWHERE.headers, **RANGES}),
    },
)

JOB_CONTRACTS: Mapping[str, Contract] = {
    "submit_job": Contract(
        tag=TAG,
        request=JobRequest,
        parameters=[
            text("dry_run", "`true`: nothing is run, and the answer says why", enum=["true"]),
            header(
                "Idempotency-Key",
                "a word of your own, new for each job: whoever sends it again within 24 hours, "
                "with the same body, gets the first answer again, and no second job",
            ),
        ],
        refusals=[409],
        responses={
            200: Response(
                description="the job: finished if its command is sync, else on its way; "
                "or what would become of it",
                content={JSON: {"anyOf": [reference(Job), reference(Explanation)]}},
                headers=REPLAYED,
            ),
            202: Response(
                description="a sync job that takes longer than the API can wait; it goes on",
                content={JSON: Job},
                headers={"Location": "the job", **REPLAYED},
            ),
        },
    ),
    "cancel_job": Contract(
        tag=TAG,
        refusals=[409],
        responses=answers(CancelAccepted, "the end was asked for, now or before"),
    ),
    "get_job": Contract(tag=TAG, responses=answers(Job, "the job")),
    "get_job_status": Contract(tag=TAG, responses=answers(JobState, "where the job stands")),
    "list_runs": Contract(tag=TAG, responses=answers(RunPage, "all its runs")),
    "get_stdout": STREAM,
    "get_stderr": STREAM,
    "get_result": Contract(
        tag=TAG,
        refusals=[406, 502, 503],
        responses={
            200: Response(
                description="the result, in the form that is accepted",
                content={JSON: Result, CSV: None},
                headers=VARY,
            ),
            307: replace(ELSEWHERE, headers={**ELSEWHERE.headers, **VARY}),
        },
    ),
    "list_jobs": Contract(
        tag=TAG,
        parameters=[
            like("id", "of the job"),
            like("name", "of the job"),
            like("username", "of whom the job is for"),
            like("version", "of the job"),
            like("command", "of the command, its name or its id"),
            like("cluster", "of the cluster, its name or its id"),
            text("status", "statuses of which the job has one, separated by commas"),
            text("tags", "tags that the job must all have, separated by commas"),
            ORDER_BY,
            DIRECTION,
            LIMIT,
            CURSOR,
        ],
        responses=answers(JobPage, "a page of jobs"),
    ),
    "list_job_statuses": Contract(
        tag=TAG,
        responses=answers(
            {"type": "array", "items": {"type": "string", "enum": sorted(JobStatus)}},
            "all statuses that a job can have, in alphabetical order",
        ),
    ),
}
