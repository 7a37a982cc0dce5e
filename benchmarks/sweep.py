"""What the sweep's looks at a job cost: two of them, for each job that there is."""

from dataclasses import replace

import boto3

from benchmarks import prices, sample
from benchmarks.account import simulated_account
from benchmarks.capacity import write_units
from benchmarks.deployment import Deployment
from benchmarks.job_indexes import JobIndexes
from benchmarks.prices import Charge
from benchmarks.reads import what_was_read
from heimdall.domain.clock import SystemClock, new_job_id
from heimdall.store.job_items import encode

JOBS = 1_000
AGE_MS = 7_200_000
"""Old enough for both looks."""


def sweep_charges(deployment: Deployment) -> list[Charge]:
    """Let the sweep look at a thousand finished jobs; return one job's share."""
    then_ms = SystemClock().now_ms() - AGE_MS
    items = [
        encode(
            replace(sample.FINISHED_JOB, id=new_job_id(then_ms + number), finished_at_ms=then_ms)
        )
        for number in range(JOBS)
    ]
    indexes = JobIndexes(deployment.indexes)
    with simulated_account() as account:
        client = boto3.Session().client("dynamodb")
        for item in items:
            indexes.add(item)
            client.put_item(TableName="jobs", Item=item)
        calls = account.run("orchestrate", {}).calls
    reads = sum(what_was_read(call, indexes.entry)[1] for call in calls)
    writes = sum(
        write_units(call.before, call.after, deployment.indexes).total()
        for call in calls
        if call.before is not None or call.after is not None
    )
    return [
        Charge("DynamoDB read units, sweep", reads / JOBS, prices.DYNAMODB_READ_UNIT, "two looks"),
        Charge("DynamoDB write units, sweep", writes / JOBS, prices.DYNAMODB_WRITE_UNIT),
    ]
