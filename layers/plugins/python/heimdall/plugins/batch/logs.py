"""Where the containers of a job of Batch wrote."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from heimdall.aws.logs import LogStream

if TYPE_CHECKING:
    from mypy_boto3_batch.type_defs import JobDetailTypeDef

DEFAULT_GROUP = "/aws/batch/job"


def log_streams(job: "JobDetailTypeDef") -> Iterator[tuple[str, LogStream]]:
    """Give the log streams of all attempts, each with what it is called.

    Containers that write elsewhere than to CloudWatch have none.
    """
    groups = _groups(job)
    attempts: list[Any] = list(job.get("attempts", [])) or [job]
    for number, attempt in enumerate(attempts, 1):
        for each in _containers(attempt):
            if stream := each.get("logStreamName"):
                name = each.get("name", "")
                title = f"attempt {number} {name}".rstrip()
                yield title, LogStream(groups.get(name, DEFAULT_GROUP), stream)


def _containers(told: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - of a job or an attempt
    tasks = told.get("taskProperties") or told.get("ecsProperties", {}).get("taskProperties", [])
    single = [told["container"]] if told.get("container") else []
    return [*single, *(each for task in tasks for each in task.get("containers", []))]


def _groups(job: Any) -> dict[str, str]:  # noqa: ANN401 - a job
    """Map the names of containers to their log groups; a single one has no name."""
    return {
        each.get("name", ""): group
        for each in _containers({**job, "taskProperties": None})
        if (group := each.get("logConfiguration", {}).get("options", {}).get("awslogs-group"))
    }
