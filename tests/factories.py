"""Ready-made domain objects and events; a test names only what it is about."""

import json
from typing import Any

from heimdall.domain.access import Binding, Caller
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.dead_letters import DeadLetter
from heimdall.domain.history import Action, Change
from heimdall.domain.idempotency import IdempotencyRecord
from heimdall.domain.job import Job
from heimdall.domain.job_status import JobStatus
from heimdall.domain.policy import Policy

NOW_MS = 1_800_000_000_000
JOB_ID = "01a2b3c4-d5e6-7f01-8a2b-3c4d5e6f7a8b"
ACCOUNT = "123456789012"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
PROXY = f"arn:aws:iam::{ACCOUNT}:user/proxy"


def make_job(**changes: Any) -> Job:
    fields: dict[str, Any] = {
        "id": JOB_ID,
        "name": "a job",
        "user": "alice",
        "caller": ALICE,
        "command_criteria": ("type:noop",),
        "cluster_criteria": ("type:localhost",),
        "command_id": "noop",
        "command_name": "noop",
        "cluster_id": "localhost",
        "cluster_name": "localhost",
        "plugin": "noop",
        "status": JobStatus.NEW,
        "created_at_ms": NOW_MS,
        "updated_at_ms": NOW_MS,
    }
    return Job(**(fields | changes))


def make_running_job(**changes: Any) -> Job:
    running = {
        "status": JobStatus.RUNNING,
        "run": 1,
        "started_at_ms": NOW_MS,
        "lease_expires_at_ms": NOW_MS + 60_000,
    }
    return make_job(**(running | changes))


def make_command(**changes: Any) -> Command:
    fields: dict[str, Any] = {
        "id": "noop",
        "name": "noop",
        "plugin": "noop",
        "tags": ("type:noop",),
        "cluster_tags": ("type:localhost",),
    }
    return Command(**(fields | changes))


def make_cluster(**changes: Any) -> Cluster:
    fields: dict[str, Any] = {"id": "localhost", "name": "localhost", "tags": ("type:localhost",)}
    return Cluster(**(fields | changes))


def make_idempotency_record(**changes: Any) -> IdempotencyRecord:
    fields: dict[str, Any] = {
        "id": "a" * 64,
        "fingerprint": "f" * 64,
        "job_id": JOB_ID,
        "claim": "c" * 16,
        "answer_by_ms": NOW_MS + 30_000,
        "expires_at": NOW_MS // 1_000 + 86_400,
    }
    return IdempotencyRecord(**(fields | changes))


def make_dead_letter(**changes: Any) -> DeadLetter:
    fields: dict[str, Any] = {
        "id": JOB_ID,
        "runner": "light",
        "body": json.dumps({"job_id": JOB_ID, "run": 1}),
        "reason": "5 deliveries failed",
        "sent_at_ms": NOW_MS - 1,
        "dead_at_ms": NOW_MS,
        "job_id": JOB_ID,
        "run": 1,
    }
    return DeadLetter(**(fields | changes))


def make_binding(**changes: Any) -> Binding:
    fields: dict[str, Any] = {
        "id": "admins",
        "name": "admins",
        "role": "admin",
        "principals": (ALICE,),
    }
    return Binding(**(fields | changes))


def make_policy(**changes: Any) -> Policy:
    fields: dict[str, Any] = {
        "id": "readers",
        "name": "readers",
        "cluster_tags": ("type:localhost",),
        "rules": (make_rule(),),
    }
    return Policy(**(fields | changes))


def make_rule(**changes: Any) -> dict[str, Any]:
    anything = {name: ["*"] for name in ("catalogs", "schemas", "tables", "principals")}
    return {
        "effect": "allow",
        "actions": ["select"],
        **anything,
        "except_principals": [],
    } | changes


def make_change(**changes: Any) -> Change:
    fields: dict[str, Any] = {
        "action": Action.PUT,
        "caller": Caller(principal=ALICE, user="alice", request_id="request-1"),
        "at_ms": NOW_MS,
        "keep_for_days": 1,
    }
    return Change(**(fields | changes))


def job_request(**changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "name": "a job",
        "version": "0.0.1",
        "context": {},
        "command_criteria": ["type:noop"],
        "cluster_criteria": ["type:localhost"],
    }
    return fields | changes


def http_event(
    method: str,
    path: str,
    *,
    body: Any = None,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    user_arn: str | None = ALICE,
) -> dict[str, Any]:
    """An event of an HTTP API with IAM authorization, payload format 2.0."""
    iam = {"accountId": ACCOUNT, "userArn": user_arn, "userId": "AIDAEXAMPLE"} if user_arn else None
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{method} /api/v1/{{proxy+}}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers or {},
        "queryStringParameters": query or {},
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "api",
            "authorizer": {"iam": iam} if iam else {},
            "domainName": "api.execute-api.us-east-1.amazonaws.com",
            "http": {"method": method, "path": path, "sourceIp": "192.0.2.1"},
            "requestId": "request-1",
            "stage": "$default",
            "timeEpoch": NOW_MS,
        },
        "isBase64Encoded": False,
    }
    if body is not None:
        event["body"] = body if isinstance(body, str) else json.dumps(body)
    return event


def sqs_event(*messages: dict[str, Any]) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": f"message-{number}",
                "receiptHandle": "handle",
                "body": json.dumps(message),
                "attributes": {},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:us-east-1:{ACCOUNT}:light",
                "awsRegion": "us-east-1",
            }
            for number, message in enumerate(messages)
        ]
    }
