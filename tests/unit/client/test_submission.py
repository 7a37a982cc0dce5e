import httpx
import pytest

from heimdall_client import (
    Client,
    ConfigurationError,
    ForbiddenError,
    IdempotencyMismatchError,
    JobRequest,
    RequestInProgressError,
    RequestTimeoutError,
    ThrottledError,
    TransportError,
    UnavailableError,
    UnreachableError,
    new_idempotency_key,
)
from tests.unit.client.scripted_api import URL, ScriptedApi, error, failing, reply

REQUEST = JobRequest(name="a", command_criteria=["c"], cluster_criteria=["l"])
JOB = {"id": "1", "status": "NEW"}
TAKEN = reply(JOB)
LOST = failing(httpx.ReadError("reset"))
UNREACHABLE = failing(httpx.ConnectError("refused"))
API_WORKS_SECONDS = 30


@pytest.fixture
def api() -> ScriptedApi:
    return ScriptedApi()


@pytest.fixture
def client(api):
    with Client(URL, transport=api.transport) as client:
        yield client


@pytest.mark.parametrize(
    ("trouble", "kind"), [(LOST, TransportError), (error(503, "store_throttled"), ThrottledError)]
)
def test_submission_without_a_key_is_never_repeated(api, client, trouble, kind):
    api.on("POST /job", trouble, TAKEN)

    with pytest.raises(kind):
        client.submit_job(REQUEST, sleep=pytest.fail)
    assert len(api.requests) == 1
    assert "idempotency-key" not in api.requests[0].headers


@pytest.mark.parametrize(
    "trouble",
    [
        LOST,
        failing(httpx.ReadTimeout("slow")),
        error(500, "internal"),
        reply({"message": "Internal Server Error"}, status=500),
        reply({"message": "Service Unavailable"}, status=503),
        error(502, "upstream_unreachable"),
        error(503, "runner_unavailable"),
        error(503, "store_throttled"),
        error(409, "request_in_progress"),
    ],
)
def test_submission_with_a_key_is_repeated_until_it_is_known_what_became_of_it(
    api, client, trouble
):
    api.on("POST /job", trouble, UNREACHABLE, trouble, TAKEN)
    pauses: list[float] = []

    job = client.submit_job(REQUEST, idempotency_key="key 1", sleep=pauses.append)

    assert job.id == "1"
    assert pauses == [0.5, 1, 2]
    assert {request.headers["idempotency-key"] for request in api.requests} == {"key 1"}
    assert len({request.content for request in api.requests}) == 1


def test_repeating_outlasts_the_api_at_work_on_the_first_request(api, client):
    api.on("POST /job", error(409, "request_in_progress"))
    pauses: list[float] = []

    with pytest.raises(RequestInProgressError):
        client.submit_job(REQUEST, idempotency_key="key", sleep=pauses.append)
    assert API_WORKS_SECONDS < sum(pauses) < 60


@pytest.mark.parametrize(("asked", "pause"), [("5", 5), ("3600", 30), ("0", 0.5), ("soon", 0.5)])
def test_pause_is_at_least_what_the_api_asks_for_within_reason(api, client, asked, pause):
    throttled = reply(
        {"error": "slow", "code": "store_throttled"}, status=503, headers={"retry-after": asked}
    )
    api.on("POST /job", throttled, TAKEN)
    pauses: list[float] = []

    client.submit_job(REQUEST, idempotency_key="key", sleep=pauses.append)

    assert pauses == [pause]


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (error(422, "idempotency_mismatch"), IdempotencyMismatchError),
        (error(403, "forbidden"), ForbiddenError),
        (UNREACHABLE, UnreachableError),
        (failing(httpx.ConnectTimeout("slow")), UnreachableError),
    ],
)
def test_what_was_refused_or_never_sent_is_not_repeated(api, client, trouble, kind):
    api.on("POST /job", trouble, TAKEN)

    with pytest.raises(kind):
        client.submit_job(REQUEST, idempotency_key="key", sleep=pytest.fail)


def test_last_trouble_is_the_one_that_is_told(api, client):
    api.on("POST /job", LOST, failing(httpx.ReadTimeout("slow")))

    with pytest.raises(RequestTimeoutError):
        client.submit_job(REQUEST, idempotency_key="key", sleep=lambda _: None)


def test_how_long_to_wait_is_known_to_the_caller(api, client):
    api.on("POST /job", reply({"code": "x"}, status=503, headers={"retry-after": "7"}))

    with pytest.raises(UnavailableError) as caught:
        client.submit_job(REQUEST)
    assert caught.value.retry_after_seconds == 7


def test_job_of_a_key_that_was_used_before_says_so(api, client):
    api.on("POST /job", reply(JOB, headers={"Idempotency-Replayed": "true"}), TAKEN)

    replayed = client.submit_job(REQUEST, idempotency_key="key")

    assert replayed.is_replay
    assert replayed.model_dump(exclude_unset=True) == JOB
    assert not client.submit_job(REQUEST, idempotency_key="other").is_replay


@pytest.mark.parametrize("key", ["", " a", "a ", "a\nb", "é", "\x7f"])
def test_key_that_no_header_can_carry_is_refused_before_anything_is_sent(api, client, key):
    with pytest.raises(ConfigurationError, match="cannot be an idempotency key"):
        client.submit_job(REQUEST, idempotency_key=key)
    assert api.requests == []


def test_new_keys_differ():
    assert len({new_idempotency_key() for _ in range(100)}) == 100


def test_explanation_names_who_lost_and_why(api, client):
    lost = {"id": "east", "verdict": "lost", "step": "cluster_criteria", "missing": ["data:prod"]}
    body = {
        "dry_run": True,
        "outcome": "refused",
        "code": "no_pair_matches",
        "error": "no cluster",
        "candidates": {"commands": [{"id": "c", "verdict": "fits"}], "clusters": [lost]},
    }
    api.on("POST /job?dry_run=true", reply(body))

    explanation = client.explain_job(REQUEST)

    assert not explanation.is_accepted
    assert explanation.candidates.clusters[0].missing == ["data:prod"]
    assert api.bodies[0]["command_criteria"] == ["c"]
