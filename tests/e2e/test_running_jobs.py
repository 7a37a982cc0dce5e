import signal
import time

import httpx

from local.environment import Environment
from tests.e2e.api import Api, job_body, shell_body, wait_for

PRINTS_THE_TIME = """
import time
end = time.time() + {seconds}
while time.time() < end:
    print(time.time(), flush=True)
    time.sleep(0.1)
"""
STALE_SECONDS = 2
STOPPED_SECONDS = 3


def printing(seconds: float) -> dict[str, object]:
    return shell_body("python3", "-c", PRINTS_THE_TIME.format(seconds=seconds))


def last_line_of(text: str) -> float:
    lines = text.splitlines()
    complete = lines if text.endswith("\n") else lines[:-1]
    return float(complete[-1]) if complete else 0.0


def test_stdout_of_a_running_job_is_at_most_two_seconds_old(api: Api):
    job_id = api.submit(printing(10))["id"]
    running = api.wait(job_id, until=("RUNNING",))
    read_until = running["started_at"] + 8
    ages = []
    while time.time() < read_until:
        asked_at = time.time()
        text = api.request("GET", f"/job/{job_id}/stdout").text
        if asked_at > running["started_at"] + STALE_SECONDS:
            ages.append(asked_at - last_line_of(text))
        time.sleep(0.3)

    assert api.job(job_id)["status"] == "RUNNING"
    assert len(ages) > 3
    assert max(ages) <= STALE_SECONDS
    finished = api.wait(job_id)
    assert finished["status"] == "SUCCEEDED"
    lines = api.request("GET", f"/job/{job_id}/stdout").text.splitlines()
    assert float(lines[-1]) - float(lines[0]) > 9


def test_stream_can_be_read_on_from_an_offset(api: Api):
    job_id = api.submit(shell_body("sh", "-c", "echo one; echo two >&2; sleep 3; echo three"))["id"]
    first = wait_for(
        lambda: api.request("GET", f"/job/{job_id}/stdout").text, seconds=20, what="a first line"
    )
    finished = api.wait(job_id)

    assert first == "one\n"
    assert finished["status"] == "SUCCEEDED"
    rest = api.request("GET", f"/job/{job_id}/stdout?offset={len(first)}")
    assert rest.text == "three\n"
    assert api.request("GET", f"/job/{job_id}/stderr").text == "two\n"


def test_stream_that_is_too_large_for_an_answer_comes_from_storage(api: Api):
    size = 9_000_000
    job_id = api.submit(job_body("noop", {"output_bytes": size}))["id"]

    assert api.wait(job_id)["status"] == "SUCCEEDED"
    answer = api.request("GET", f"/job/{job_id}/stdout")
    assert answer.status_code == httpx.codes.TEMPORARY_REDIRECT
    stored = httpx.get(answer.headers["Location"], trust_env=False)
    assert stored.is_success
    assert len(stored.content) == size
    part = api.request("GET", f"/job/{job_id}/stdout?offset={size - 100}")
    assert part.content == stored.content[-100:]


def test_cancel_stops_a_job_within_three_seconds(api: Api):
    job_id = api.submit(printing(60))["id"]
    api.wait(job_id, until=("RUNNING",))
    wait_for(
        lambda: api.request("GET", f"/job/{job_id}/stdout").text, seconds=20, what="a first line"
    )

    canceled_at = time.time()
    answer = api.request("POST", f"/job/{job_id}/cancel")
    finished = api.wait(job_id)

    assert answer.json() == {"status": "CANCELING"}
    assert finished["status"] == "CANCELED"
    assert finished["canceled_by"] == "heimdall-developer"
    printed = api.request("GET", f"/job/{job_id}/stdout").text
    assert last_line_of(printed) - canceled_at <= STOPPED_SECONDS
    again = api.request("POST", f"/job/{job_id}/cancel")
    assert again.status_code == httpx.codes.CONFLICT
    assert again.json()["code"] == "invalid_transition"


def test_shell_job_knows_no_secret_of_its_executor(api: Api):
    job_id = api.submit(shell_body("env"))["id"]

    assert api.wait(job_id)["status"] == "SUCCEEDED"
    names = [
        line.partition("=")[0]
        for line in api.request("GET", f"/job/{job_id}/stdout").text.splitlines()
    ]
    assert names
    assert not [name for name in names if name.startswith(("AWS_", "HEIMDALL_J", "POWERTOOLS_"))]


def test_failing_program_fails_its_job(api: Api):
    job_id = api.submit(shell_body("sh", "-c", "echo no >&2; exit 3"))["id"]
    finished = api.wait(job_id)

    assert finished["status"] == "FAILED"
    assert "3" in finished["error"]
    assert api.request("GET", f"/job/{job_id}/stderr").text == "no\n"


def test_killed_program_fails_its_job(api: Api, environment: Environment):
    job_id = api.submit(shell_body("sh", "-c", f"kill -{signal.SIGKILL} $$"))["id"]

    assert api.wait(job_id)["status"] == "FAILED"
    assert environment.emulator.is_ready()
