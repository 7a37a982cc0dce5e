"""Reading jobs."""

import json
from typing import Any

from heimdall.domain.errors import NotFoundError
from heimdall.domain.job import Job
from heimdall.domain.job_files import JobFiles


def read_context(job: Job, *, files: JobFiles) -> dict[str, Any] | None:
    """Read a job's context, wherever it is; None if it is not kept any more.

    A context in S3 expires some days after it was written, and a job only some days after its end.
    """
    try:
        text = job.context if job.context is not None else files.context(job.id)
    except NotFoundError:
        return None
    context: dict[str, Any] = json.loads(text)
    return context
