"""The runner's queue as nobody but a test may see it: every delivery, also one under way."""

import json
from typing import Any

import httpx

from local.environment import Environment


def deliveries(environment: Environment) -> list[str]:
    """The jobs of all messages in the queue, once for each; what is no delivery is passed over."""
    url = environment.outputs["LightQueueUrl"]
    answer = httpx.get(
        f"{environment.emulator.endpoint}/_ministack/sqs/messages",
        params={"QueueUrl": url},
        trust_env=False,
    )
    found: Any = answer.raise_for_status().json()["messages"]
    bodies = [
        message["Body"]
        for regions in found.values()
        for queues in regions.values()
        for messages in queues.values()
        for message in messages
    ]
    return [json.loads(body)["job_id"] for body in bodies if body.startswith('{"job_id"')]


def deliver_again(environment: Environment, job_ids: list[str]) -> None:
    """Put a second delivery of each job's first run into the queue."""
    sqs = environment.client("sqs")
    for job_id in job_ids:
        sqs.send_message(
            QueueUrl=environment.outputs["LightQueueUrl"],
            MessageBody=json.dumps({"job_id": job_id, "run": 1}),
        )
