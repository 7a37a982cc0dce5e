"""The catalog, the jobs and the requests that the measurements run on."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from heimdall.dispatch import job_from_message, job_to_message
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.job import Job, RunOutcome
from heimdall.domain.job_status import JobStatus
from tests.factories import NOW_MS, http_event, make_cluster, make_command, make_job, sqs_event

PING = make_command(
    id="ping", name="ping", version="0.0.1", plugin="ping", is_sync=True, tags=("type:ping",)
)
NOOP = make_command(version="0.0.1")
LOCALHOST = make_cluster(version="0.0.1", tags=("type:localhost", "data:local"))
ENTRIES: Mapping[str, Command | Cluster] = {
    "command/ping": PING,
    "command/noop": NOOP,
    "cluster/localhost": LOCALHOST,
}

RESULT = '{"columns":[{"name":"message","type":"string"}],"data":[["Hello, alice!"]]}'
CHOICE = "random among the matching pairs of revision 3"

NEW_JOB = make_job(
    id="01a2b3c4-d5e6-7f01-8a2b-000000000001", name="noop-test", version="0.0.1", choice=CHOICE
)
RUNNING_JOB = make_job(
    id="01a2b3c4-d5e6-7f01-8a2b-000000000002",
    name="ping-test",
    version="0.0.1",
    choice=CHOICE,
    plugin="ping",
    command_id="ping",
    command_name="ping",
    command_criteria=("type:ping",),
    is_sync=True,
).started(now_ms=NOW_MS, lease_expires_at_ms=NOW_MS + 60_000)


def finished(job: Job) -> Job:
    """Return a running ping as it is when it has succeeded."""
    outcome = RunOutcome(
        status=JobStatus.SUCCEEDED, result=RESULT, result_bytes=len(RESULT.encode())
    )
    return job.finished(outcome, now_ms=job.updated_at_ms + 5, keep_for_days=30)


def execute_answer(invocation: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the executor answers to an invocation with a ping."""
    job = finished(job_from_message(invocation["job"]))
    return {"job": job_to_message(job), "result": RESULT}


FINISHED_JOB = replace(finished(RUNNING_JOB), id="01a2b3c4-d5e6-7f01-8a2b-000000000003")


def _request(kind: str) -> dict[str, Any]:
    return {
        "name": f"{kind}-test",
        "version": "0.0.1",
        "context": {},
        "command_criteria": [f"type:{kind}"],
        "cluster_criteria": ["type:localhost"],
    }


SYNC_SUBMISSION = http_event("POST", "/api/v1/job", body=_request("ping"))
ASYNC_SUBMISSION = http_event("POST", "/api/v1/job", body=_request("noop"))
JOB_READ = http_event("GET", f"/api/v1/job/{FINISHED_JOB.id}")
STATUS_READ = http_event("GET", f"/api/v1/job/{FINISHED_JOB.id}/status")
DELIVERY = sqs_event({"job_id": NEW_JOB.id, "run": 1})
INVOCATION: dict[str, Any] = json.loads(
    json.dumps(
        {
            "job": job_to_message(RUNNING_JOB),
            "command": PING.to_dict(),
            "cluster": LOCALHOST.to_dict(),
        }
    )
)
