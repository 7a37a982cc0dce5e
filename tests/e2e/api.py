"""The API as its clients reach it: signed requests of one IAM user, and what jobs they send."""

import time
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials

from local.aws import REGION, Credentials

FINAL = frozenset({"SUCCEEDED", "FAILED", "KILLED", "CANCELED"})
SUBMITTERS = 8
PATIENCE = 120.0


class Api:
    """One user's requests to one address; nobody's, if there are no credentials.

    Args:
        patience: seconds in which a gateway that is busy has to answer those that are repeated.
    """

    def __init__(
        self, url: str, credentials: Credentials | None = None, *, patience: float = PATIENCE
    ) -> None:
        self.url = url
        self._patience = patience
        self._credentials = credentials
        self._http = httpx.Client(timeout=60, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        content: str | bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        request = self._http.build_request(
            method, f"{self.url}/api/v1{path}", json=json, content=content, headers=headers
        )
        if self._credentials is not None:
            request.headers.update(self.signature(request))
        return self._http.send(request)

    def signature(self, request: httpx.Request) -> dict[str, str]:
        assert self._credentials is not None
        key = BotoCredentials(self._credentials.access_key_id, self._credentials.secret_access_key)
        signed = AWSRequest(
            method=request.method, url=str(request.url), data=request.read(), headers={}
        )
        SigV4Auth(key, "execute-api", REGION).add_auth(signed)
        return dict(signed.headers.items())

    def submit(self, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.request("POST", "/job", json=body)
        assert answer.status_code == httpx.codes.OK, answer.text
        job: dict[str, Any] = answer.json()
        return job

    def submit_all(self, bodies: list[dict[str, Any]]) -> list[str]:
        """Submit many jobs at once; their ids in the order of the bodies.

        A submission that the gateway has no time for (503) is sent again, as clients do.
        """
        with ThreadPoolExecutor(SUBMITTERS) as pool:
            return list(pool.map(self._submit_patiently, bodies))

    def _submit_patiently(self, body: dict[str, Any]) -> str:
        key = {"Idempotency-Key": str(uuid4())}
        answer = self._patiently(lambda: self.request("POST", "/job", json=body, headers=key))
        assert answer.status_code == httpx.codes.OK, answer.text
        return str(answer.json()["id"])

    def job(self, job_id: str) -> dict[str, Any]:
        answer = self._patiently(lambda: self.request("GET", f"/job/{job_id}"))
        assert answer.status_code == httpx.codes.OK, answer.text
        job: dict[str, Any] = answer.json()
        return job

    def _patiently(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        return patiently(ask, self._patience)

    def wait_for_all(
        self, job_ids: list[str], *, seconds: float, every: float = 0.1
    ) -> Counter[str]:
        """Wait for the end of many jobs; how many ended with each status."""
        ends: Counter[str] = Counter()
        unfinished = list(job_ids)

        def all_ended() -> bool:
            while unfinished and (status := self.job(unfinished[-1])["status"]) in FINAL:
                ends[status] += 1
                unfinished.pop()
            return not unfinished

        try:
            what = f"the end of {len(job_ids)} jobs"
            wait_for(all_ended, seconds=seconds, what=what, every=every)
        except AssertionError as error:
            error.add_note(f"unfinished: {[self.job(job_id) for job_id in unfinished]}")
            raise
        return ends

    def wait(
        self, job_id: str, *, until: Collection[str] = FINAL, seconds: float = 60
    ) -> dict[str, Any]:
        """Wait until a job has one of some statuses; the job as it is then."""
        return wait_for(
            lambda: (job := self.job(job_id))["status"] in until and job,
            seconds=seconds,
            what=f"job {job_id} to be one of {', '.join(until)}",
        )


def wait_for(look: Callable[[], Any], *, seconds: float, what: str, every: float = 0.1) -> Any:
    """Look until something is found."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(every)
    return found


def patiently(ask: Callable[[], httpx.Response], seconds: float = PATIENCE) -> httpx.Response:
    """Ask again, as clients do, while the gateway says nothing, or that it has no time (503), or
    that it is still answering the same request, which was given up here.

    So too if the emulator fails before a function is called: it copies what it knows of one while
    a deployment changes that.
    """

    def answer() -> httpx.Response | None:
        try:
            given = ask()
        except httpx.TimeoutException:
            return None
        is_busy = given.status_code == httpx.codes.SERVICE_UNAVAILABLE
        said = ('"request_in_progress"', '"errorType"')
        return None if is_busy or any(each in given.text for each in said) else given

    given: httpx.Response = wait_for(answer, seconds=seconds, what="time for a request", every=1)
    return given


def job_body(command: str, context: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """What a client sends to run a command of configs/local.yaml."""
    return {
        "name": f"{command}-test",
        "version": "0.0.1",
        "context": context or {},
        "command_criteria": [f"type:{command}"],
        "cluster_criteria": ["type:localhost"],
        **more,
    }


def shell_body(*arguments: str) -> dict[str, Any]:
    return job_body("shell", {"arguments": list(arguments)})
