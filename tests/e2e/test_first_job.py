import shlex

import httpx

from local.environment import Environment
from local.terminal import curl_line
from tests.e2e.api import Api, job_body, wait_for


def send(line: str) -> httpx.Response:
    """Send what a curl line says, on machines without curl too."""
    program, *words, url = shlex.split(line)
    assert program == "curl"
    options = dict(zip(words[::2], words[1::2], strict=True))
    headers = [
        tuple(value.split(": ", 1))
        for option, value in zip(words[::2], words[1::2], strict=True)
        if option == "-H"
    ]
    return httpx.request(
        options["-X"], url, headers=headers, content=options["-d"], timeout=60, trust_env=False
    )


def test_first_line_is_the_one_of_the_readme_of_heimdall():
    assert curl_line("http://127.0.0.1:9090") == (
        'curl -X POST -H "X-Heimdall-User: test_user" -H "Content-Type: application/json" '
        '-d \'{"name":"ping-test","version":"0.0.1","context":{},'
        '"command_criteria":["type:ping"],"cluster_criteria":["type:localhost"]}\' '
        "http://127.0.0.1:9090/api/v1/job"
    )


def test_first_line_works_as_printed(environment: Environment):
    answer = send(curl_line(environment.url))

    assert answer.status_code == httpx.codes.OK, answer.text
    job = answer.json()
    assert job["status"] == "SUCCEEDED"
    assert job["user"] == "test_user"
    assert (job["command_name"], job["cluster_name"]) == ("ping", "localhost")
    assert (job["command_id"], job["cluster_id"]) == ("ping-0.0.1", "localhost-0.0.1")
    assert job["result"] == {
        "columns": [{"name": "message", "type": "string"}],
        "data": [["Hello, test_user!"]],
    }
    assert job["is_sync"]


def test_sync_job_can_be_read_afterwards(gateway: Api):
    job = gateway.submit(job_body("ping"))
    read = gateway.job(job["id"])

    assert {name: read[name] for name in read if name != "result"} == {
        name: job[name] for name in job if name != "result"
    }
    assert gateway.request("GET", f"/job/{job['id']}/status").json()["status"] == "SUCCEEDED"
    assert gateway.request("GET", f"/job/{job['id']}/result").json() == job["result"]
    assert gateway.request("GET", f"/job/{job['id']}/stdout").text == ""
    assert gateway.request("GET", f"/job/{job['id']}/stderr").text == ""


def test_async_job_is_answered_before_it_runs(gateway: Api):
    job = gateway.submit(job_body("ping-async"))

    assert job["status"] in ("NEW", "ACCEPTED")
    assert "result" not in job
    finished = gateway.wait(job["id"])
    assert finished["status"] == "SUCCEEDED"
    assert finished["created_at"] <= finished["started_at"] <= finished["finished_at"]
    assert gateway.request("GET", f"/job/{job['id']}/result").json()["data"] == [
        ["Hello, heimdall-gateway!"]
    ]


def test_new_job_is_the_first_of_the_list(gateway: Api):
    ids = [gateway.submit(job_body("ping"))["id"] for _ in range(3)]

    def listed() -> list[str]:
        first = gateway.request("GET", "/jobs?limit=2").json()
        rest = gateway.request("GET", f"/jobs?limit=2&cursor={first['next_cursor']}").json()
        return [job["id"] for page in (first, rest) for job in page["data"]]

    wait_for(lambda: listed()[:3] == ids[::-1], seconds=5, what="the list to show the jobs")
