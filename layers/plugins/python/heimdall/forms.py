"""How a result's other forms are asked of the runner that can make them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from heimdall.domain.errors import PluginError, ResultBeingMadeError, RunnerUnavailableError
from heimdall.domain.job import Job
from heimdall.domain.result import ResultForm

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


@dataclass(frozen=True, slots=True)
class RunnerForms:
    """Implements `heimdall.domain.forms.FormMaker`.

    Args:
        function: the runner's; empty if none of the deployment's can.
        functions: makes the Lambda client when the first form is asked for; it must not retry.
    """

    function: str
    functions: Callable[[], "LambdaClient"]

    @property
    def is_there(self) -> bool:
        """Whether this deployment has a runner that can."""
        return bool(self.function)

    def make(self, job: Job, form: ResultForm) -> None:
        """Have the result of a job made in a form."""
        payload = {"make_form": {"job_id": job.id, "form": form.value}}
        try:
            answer = self.functions().invoke(
                FunctionName=self.function, Payload=json.dumps(payload).encode()
            )
            body: dict[str, Any] = json.loads(answer["Payload"].read())
        except ReadTimeoutError as error:
            raise _being_made(job, form) from error
        except (BotoCoreError, ClientError) as error:
            raise RunnerUnavailableError(
                f"no runner can make the result {form} now: {error}", job_id=job.id
            ) from error
        if answer.get("FunctionError"):
            raise RunnerUnavailableError(
                f"the result could not be made {form}: {body.get('errorMessage')}", job_id=job.id
            )
        if "error" in body:
            raise PluginError(f"the result cannot be had as {form}: {body['error']}", job_id=job.id)
        if not body["is_made"]:
            raise _being_made(job, form)


def _being_made(job: Job, form: ResultForm) -> ResultBeingMadeError:
    return ResultBeingMadeError(
        f"the result is large and is being made {form} now; ask again in a while", job_id=job.id
    )
