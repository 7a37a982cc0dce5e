"""What a runner did not take, from its queue of dead letters to a job that has run."""

import json
import secrets
from dataclasses import replace

from heimdall.domain.clock import new_job_id
from heimdall.domain.job_status import JobStatus
from heimdall.store.jobs import DynamoJobStore
from local.environment import Environment
from tests.e2e.api import Api, job_body, wait_for
from tests.e2e.test_command_line import Heimdall


def write_waiting_job(api: Api, environment: Environment) -> str:
    """Write a job that waits for a delivery which nobody has sent."""
    done = api.wait(api.submit(job_body("noop"))["id"])
    jobs = DynamoJobStore(environment.client("dynamodb"), environment.outputs["JobsTable"])
    job = jobs.get(done["id"])
    waiting = replace(
        job,
        id=new_job_id(job.created_at_ms),
        status=JobStatus.NEW,
        run=0,
        started_at_ms=None,
        finished_at_ms=None,
        result=None,
        result_bytes=0,
        expires_at=None,
    )
    jobs.create(waiting)
    return waiting.id


def bury(environment: Environment, body: str) -> None:
    """Put a message where SQS puts those whose fifth delivery has failed."""
    environment.client("sqs").send_message(
        QueueUrl=environment.outputs["LightDeadLetterQueueUrl"], MessageBody=body
    )


def dead(api: Api) -> dict[str, dict[str, object]]:
    answer = api.request("GET", "/deliveries/dead").raise_for_status()
    return {letter["id"]: letter for letter in answer.json()["data"]}


def test_job_that_was_not_delivered_is_failed_until_it_is_redriven(
    api: Api, environment: Environment
):
    heimdall = Heimdall(environment.url)
    job_id = write_waiting_job(api, environment)
    bury(environment, json.dumps({"job_id": job_id, "run": 1}))

    failed = api.wait(job_id)
    assert failed["status"] == "FAILED"
    assert "5 deliveries failed" in failed["error"]
    wait_for(lambda: job_id in dead(api), seconds=10, what="the letter to be kept")
    code, out, err = heimdall.run("redrive", job_id)

    assert (code, out) == (0, f"{job_id}\n"), err
    assert api.wait(job_id)["status"] == "SUCCEEDED"
    assert job_id not in dead(api)


def test_message_that_is_no_delivery_is_kept_until_it_is_asked_for(
    api: Api, environment: Environment
):
    body = f"stray {secrets.token_hex()}"
    bury(environment, body)

    def kept() -> list[str]:
        return [letter_id for letter_id, letter in dead(api).items() if letter.get("body") == body]

    (letter_id,) = wait_for(kept, seconds=30, what="the message to be kept")
    answer = api.request("POST", "/deliveries/dead/redrive", json={"ids": [letter_id]})

    assert answer.json()["redriven"] == [letter_id]
    assert kept() == []
