"""Copies what a run's tasks wrote to CloudWatch, attempt by attempt."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from heimdall.aws.logs import MAX_LOG_BYTES, LogStream, copy_log, may_read
from heimdall.plugin.identity import AwsAccess, Identity
from heimdall.plugin.output import RunOutput
from heimdall.plugins.ecs.handle import Started
from heimdall.plugins.ecs.record import Attempt

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

MAX_ALL_LOGS_BYTES = 64 * 1024 * 1024
"""How much is read of all tasks together; each has the same share."""


def copy_logs(
    aws: AwsAccess, started: Started, ids: Mapping[Attempt, str], output: RunOutput
) -> None:
    """Write the logs of all attempts to stdout, each under a line that says whose it is.

    Raises:
        TransientPluginError: throttled or unreachable.
    """
    if not started.logs:
        output.stderr.write(b"[heimdall: the task definition sends no logs to CloudWatch]\n")
        return
    clients = {
        region: _client(aws, started, region)
        for region in {region for _, _, region in started.logs.values()}
    }
    share = min(MAX_LOG_BYTES, MAX_ALL_LOGS_BYTES // max(1, len(ids) * len(started.logs)))
    for (number, attempt), task_id in sorted(ids.items()):
        for container, (group, prefix, region) in started.logs.items():
            whose = f"task {number}, attempt {attempt}, {container}, {task_id}"
            output.stdout.write(f"==> {whose} <==\n".encode())
            log = LogStream(group, f"{prefix}/{container}/{task_id}")
            if not copy_log(clients[region], log, output.stdout, max_bytes=share):
                output.stdout.write(b"[heimdall: it wrote no log]\n")


def _client(aws: AwsAccess, started: Started, region: str) -> "CloudWatchLogsClient":
    groups = dict.fromkeys(group for group, _, _ in started.logs.values())
    identity = _in_region(started.identity, region)
    client: CloudWatchLogsClient = aws.client(
        "logs", identity, tuple(may_read(group) for group in groups)
    )
    return client


def _in_region(identity: Identity, region: str) -> Identity:
    return identity.at(role_arn=identity.role_arn, external_id=identity.external_id, region=region)
