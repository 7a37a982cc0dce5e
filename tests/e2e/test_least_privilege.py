"""Takes each statement from each function's role: something must then fail, and only then."""

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
from httpx import codes

from heimdall.domain.clock import created_ms_of, new_job_id
from heimdall.domain.dead_letters import undelivered
from heimdall.domain.job import Job
from heimdall.domain.job_status import JobStatus
from heimdall.domain.open_jobs import Look
from heimdall.store import keys
from heimdall.store.dead_letters import DynamoDeadLetters
from heimdall.store.jobs import DynamoJobStore
from heimdall.store.open_jobs import DynamoOpenJobs
from local import identities
from local.environment import Environment
from tests.e2e.api import Api, job_body, shell_body, wait_for
from tests.e2e.engine_role import TYPE_IN_ROLE, make_engine_role, start_orphan
from tests.e2e.guarded import TYPE, job_on, make_guarded, put, put_probed_cluster
from tests.e2e.roles import FUNCTIONS, Roles
from tests.e2e.their_machine import install, soon
from tests.factories import make_dead_letter, sqs_event

TEN_MINUTES_MS = 600_000
SOON_SECONDS = 3.0
LONG_SECONDS = 20.0
UNCHECKED = {
    ("submit", "Logs"),
    ("query", "Logs"),
    ("execute", "Logs"),
    ("orchestrate", "Logs"),
    ("execute", "TakeJobs"),
    ("execute", "DropUploads"),
    ("query", "TellMissingFromForbidden"),
    ("execute", "FindSharedResults"),
    ("execute", "LeadOthers"),  # the emulator does not look at keys, so either of these two
    ("execute", "RememberWork"),  # allows what the other does; tests/infra holds both
    ("query", "ListOpenJobs"),
    ("orchestrate", "TakeDeadLetters"),
    ("query", "ListDeadLetters"),
}
"""What the emulator does for a function without asking whether its role may, or not with all
conditions (of a Query it does not tell the leading key), and what only a broken upload calls for;
`tests/infra` compares these with what they have to be."""


@dataclass(frozen=True)
class World:
    """What the probes work with.

    Attributes:
        running: a shell job that prints nothing and goes on.
        printed: a finished job whose output is too large for its item.
    """

    api: Api
    environment: Environment
    running: str
    printed: str

    def answers(self, method: str, path: str, *, json: object = None) -> bool:
        return self.api.request(method, path, json=json).is_success

    def runs_now(self, context: dict[str, object] | None = None) -> bool:
        answer = self.api.request("POST", "/job", json=job_body("noop-sync", context))
        return answer.is_success and answer.json()["status"] == "SUCCEEDED"

    def repeats_a_result(self) -> bool:
        """Submit a job twice with one key; in between its result goes where large ones are."""
        key = {"Idempotency-Key": secrets.token_hex()}
        body = job_body("noop-sync")
        first = self.api.request("POST", "/job", json=body, headers=key).json()
        jobs = self._jobs()
        job = jobs.get(first["id"])
        result = job.result or ""
        self.environment.client("s3").put_object(
            Bucket=self.environment.outputs["Bucket"],
            Key=keys.result_object(job.id, job.run),
            Body=result.encode(),
        )
        jobs.save(job, replace(job, result=None))
        again = self.api.request("POST", "/job", json=body, headers=key)
        return again.is_success and again.json()["result"] == json.loads(result)

    def makes_csv(self) -> bool:
        """Ask for a result that is large as CSV, which was not made yet."""
        jobs = self._jobs()
        result = json.dumps({"columns": [{"name": "a"}], "data": [["x" * 5_000_000]]})
        job_id = new_job_id(jobs.get(self.printed).created_at_ms)
        jobs.create(
            replace(jobs.get(self.printed), id=job_id, result=None, result_bytes=len(result))
        )
        self.environment.client("s3").put_object(
            Bucket=self.environment.outputs["Bucket"],
            Key=keys.result_object(job_id, 1),
            Body=result.encode(),
        )
        answer = self.api.request("GET", f"/job/{job_id}/result", headers={"Accept": "text/csv"})
        return answer.status_code == codes.TEMPORARY_REDIRECT

    def reveals(self, cluster: str) -> bool:
        body = job_on(cluster, show_token="stdout")
        answer = self.api.request("POST", "/job", json=body)
        return answer.is_success and answer.json()["status"] == "SUCCEEDED"

    def probes_a_cluster(self) -> bool:
        path = f"/cluster/{put_probed_cluster(self.api)}/health"
        checks = self.api.request("GET", path).json()["checks"]
        # Commands that other tests have made may fit the cluster too, with plugins of their own.
        return any(check["status"] == "ok" for check in checks)

    def takes_a_role(self) -> bool:
        """Probe a cluster in a role; the executor itself may not ask what is asked then."""
        role = make_engine_role(self.api, self.environment)
        in_new_session = {"role_arn": role, "external_id": secrets.token_hex()}
        cluster = put_probed_cluster(self.api, TYPE_IN_ROLE, **in_new_session)
        checks = self.api.request("GET", f"/cluster/{cluster}/health").json()["checks"]
        # Commands that other tests have made may fit the cluster too, with plugins of their own.
        return any(c["status"] == "ok" for c in checks if c["plugin"] == "stepfunctions")

    def tells_of_orphans(self) -> bool:
        """Look for orphans where there is one."""
        make_engine_role(self.api, self.environment)
        lost = start_orphan(self.environment)
        event = {"look_for_orphans": {"plugins": ["stepfunctions"]}}
        self.environment.client("lambda").invoke(
            FunctionName=self.environment.outputs["ExecuteLightFunction"],
            Payload=json.dumps(event).encode(),
        )
        path = f"/audit?action=orphan.found&target=%25{lost}"
        return bool(self.api.request("GET", path).json()["data"])

    def redrives(self) -> bool:
        """Put back a delivery that was put aside."""
        jobs, letters = self._jobs(), self._letters()
        job = jobs.get(self.running)
        lost = replace(job, id=new_job_id(job.created_at_ms), status=JobStatus.NEW, run=0)
        jobs.create(undelivered(lost, "lost", now_ms=job.created_at_ms, keep_for_days=1))
        letters.keep(make_dead_letter(id=lost.id, job_id=lost.id), keep_for_days=1)
        body = {"ids": [lost.id]}
        answer = self.api.request("POST", "/deliveries/dead/redrive", json=body)
        self.api.request("POST", f"/job/{lost.id}/cancel")
        return answer.is_success and answer.json()["redriven"] == [lost.id]

    def puts_aside(self) -> bool:
        """Hand orchestrate a dead letter, as Lambda does."""
        sqs = self.environment.client("sqs")
        queue = sqs.get_queue_attributes(
            QueueUrl=self.environment.outputs["LightDeadLetterQueueUrl"],
            AttributeNames=["QueueArn"],
        )
        event = sqs_event({"stray": True})
        event["Records"][0]["eventSourceARN"] = queue["Attributes"]["QueueArn"]
        event["Records"][0]["attributes"] = {"SentTimestamp": "1"}
        answer = self.environment.client("lambda").invoke(
            FunctionName=self.environment.outputs["OrchestrateFunction"],
            Payload=json.dumps(event).encode(),
        )
        return bool(json.loads(answer["Payload"].read()) == {"batchItemFailures": []})

    def runs_soon(self) -> bool:
        answer = self.api.request("POST", "/job", json=job_body("ping-async"))
        return answer.is_success and self.ends_soon(answer.json()["id"])

    def runs_long(self) -> bool:
        """Run a job whose work an engine does for a second."""
        theirs = install(self.environment)
        job = self.api.submit(theirs.body(until=soon(1)))
        return self.ends_soon(job["id"], seconds=LONG_SECONDS)

    def runs_long_without_events(self) -> bool:
        """The same where only the timer tells of the end."""
        events = self.environment.client("events")
        (rule,) = (
            rule["Name"]
            for rule in events.list_rules()["Rules"]
            if "aws.states" in rule.get("EventPattern", "")
        )
        events.disable_rule(Name=rule)
        try:
            return self.runs_long()
        finally:
            events.enable_rule(Name=rule)

    def wakes_a_canceled_job(self) -> bool:
        """Cancel a job whose work was not started: whoever is woken sees that nothing is left."""
        job = self._write_old_job(
            status=JobStatus.RUNNING, is_detached=True, lease_expires_at_ms=None
        )
        self.api.request("POST", f"/job/{job.id}/cancel")
        return self.ends_soon(job.id, status="CANCELED")

    def wakes_late(self) -> bool:
        self._write_old_job(
            status=JobStatus.RUNNING, is_detached=True, lease_expires_at_ms=None, wake_at_ms=1
        )
        return self.sweep().get("woken", 0) > 0

    def ends_soon(
        self, job_id: str, status: str = "SUCCEEDED", seconds: float = SOON_SECONDS
    ) -> bool:
        try:
            return bool(self.api.wait(job_id, seconds=seconds)["status"] == status)
        except AssertionError:
            return False

    def runs_again(self) -> bool:
        """Have a run followed by another, by a command whose pauses are short."""
        retries = {"max_runs": 2, "backoff_seconds": 1}
        body = {"name": "again", "plugin": "noop", "tags": ["type:again"], "cluster_tags": [TYPE]}
        put(self.api, "command/again", **body, retries=retries)
        job = job_on("secret", command="again", fault="transient", faulty_runs=1)
        answer = self.api.request("POST", "/job", json=job)
        return answer.is_success and self.ends_soon(answer.json()["id"])

    def records_refusals(self) -> bool:
        refused = self.api.request("GET", "/jobs", headers={"X-Heimdall-User": "eve"}).json()
        newest = self.api.request("GET", "/audit?action=jobs.read&limit=1").json()["data"]
        return [entry["request_id"] for entry in newest] == [refused["request_id"]]

    def sweep(self) -> dict[str, int]:
        answer = self.environment.client("lambda").invoke(
            FunctionName=self.environment.outputs["OrchestrateFunction"], Payload=b"{}"
        )
        report: dict[str, int] = json.loads(answer["Payload"].read())
        return report

    def sends_again(self) -> bool:
        self._write_old_job(status=JobStatus.NEW, run=0, started_at_ms=None)
        return self.sweep().get("resent", 0) > 0

    def ends_the_dead(self) -> bool:
        self._write_old_job(status=JobStatus.RUNNING, lease_expires_at_ms=1)
        return self.sweep().get("ended", 0) > 0

    def _jobs(self) -> DynamoJobStore:
        return DynamoJobStore(
            self.environment.client("dynamodb"), self.environment.outputs["JobsTable"]
        )

    def _letters(self) -> DynamoDeadLetters:
        return DynamoDeadLetters(
            self.environment.client("dynamodb"), self.environment.outputs["JobsTable"]
        )

    def _open_jobs(self) -> DynamoOpenJobs:
        return DynamoOpenJobs(
            self.environment.client("dynamodb"), self.environment.outputs["JobsTable"]
        )

    def let_the_sweep_have_seen(self, job_id: str) -> None:
        """Let a list of running jobs begin with markers.

        As the sweep would a minute later, it marks all jobs up to this one: were one passed
        over, for example one whose worker was killed, no sweep of the next hour would see to it.
        """
        open_jobs = self._open_jobs()
        until_ms = created_ms_of(job_id) + 1
        for found in open_jobs.created_after(open_jobs.progress(Look.FIRST), until_ms=until_ms):
            open_jobs.mark([job for _, job in found if isinstance(job, Job)])
            open_jobs.advance(Look.FIRST, found[-1][0])

    def _write_old_job(self, **changes: object) -> Job:
        """Write a job of ten minutes ago, as if it had been lost after the sweep had seen it."""
        jobs = self._jobs()
        job = jobs.get(self.running)
        then_ms = job.created_at_ms - TEN_MINUTES_MS
        old = replace(job, id=new_job_id(then_ms), created_at_ms=then_ms, **changes)
        jobs.create(old)
        self._open_jobs().mark([old])
        return old


PROBES: dict[tuple[str, str], Callable[[World], bool]] = {
    ("submit", "Jobs"): lambda world: world.runs_now(),
    ("submit", "Catalog"): lambda world: world.answers(
        "PUT", "/cluster/probed", json={"name": "probed"}
    ),
    ("submit", "StoreContexts"): lambda world: world.runs_now({"payload": "x" * 10_000}),
    ("submit", "RepeatResults"): lambda world: world.repeats_a_result(),
    ("submit", "SendJobs"): lambda world: world.runs_soon(),
    ("submit", "RunSyncJobs"): lambda world: world.runs_now(),
    ("submit", "FindDeadLetters"): lambda world: world.redrives(),
    ("submit", "MarkOpenJobs"): lambda world: world.redrives(),
    ("query", "Jobs"): lambda world: world.answers("GET", f"/job/{world.running}"),
    ("query", "ListJobs"): lambda world: world.answers("GET", "/jobs"),
    ("query", "MarkWatchedJobs"): lambda world: world.answers(
        "GET", f"/job/{world.running}/stdout"
    ),
    ("query", "Catalog"): lambda world: world.answers("GET", "/commands"),
    ("query", "RecordRefusals"): lambda world: world.records_refusals(),
    ("query", "StoreCsv"): lambda world: world.makes_csv(),
    ("query", "AskRunners"): lambda world: world.probes_a_cluster(),
    ("query", "ReadFiles"): lambda world: world.answers("GET", f"/job/{world.printed}/stdout"),
    ("execute", "Jobs"): lambda world: world.runs_now(),
    ("execute", "Catalog"): lambda world: world.runs_soon(),
    ("execute", "StoreOutput"): lambda world: world.runs_now({"output_bytes": 100_000}),
    ("execute", "JoinStreams"): lambda world: world.runs_now({"output_bytes": 9_000_000}),
    ("execute", "ReadContexts"): lambda world: world.runs_now({"payload": "x" * 10_000}),
    ("execute", "SendNextRuns"): lambda world: world.runs_again(),
    ("execute", "ReadSecrets"): lambda world: world.reveals("secret"),
    ("execute", "ReadParameters"): lambda world: world.reveals("parameter"),
    ("submit", "WakeLongJobs"): lambda world: world.wakes_a_canceled_job(),
    ("execute", "StartLongJobs"): lambda world: world.runs_long(),
    ("execute", "TellLongJobs"): lambda world: world.runs_long(),
    ("execute", "SendWakes"): lambda world: world.runs_long_without_events(),
    ("orchestrate", "WakeLongJobs"): lambda world: world.wakes_late(),
    ("execute", "RecordOrphans"): lambda world: world.tells_of_orphans(),
    ("execute", "TakeRoles"): lambda world: world.takes_a_role(),
    ("orchestrate", "FindNewJobs"): lambda world: "looked" in world.sweep(),
    ("orchestrate", "KeepOpenJobs"): lambda world: "seen" in world.sweep(),
    ("orchestrate", "Jobs"): lambda world: world.ends_the_dead(),
    ("orchestrate", "KeepDeadLetters"): lambda world: world.puts_aside(),
    ("orchestrate", "SendJobs"): lambda world: world.sends_again(),
}


@contextmanager
def schedule_paused(environment: Environment) -> Iterator[None]:
    """Leave the sweeps to the probes for a while."""
    scheduler = environment.client("scheduler")
    schedules = [
        scheduler.get_schedule(Name=found["Name"], GroupName=found["GroupName"])
        for found in scheduler.list_schedules()["Schedules"]
    ]
    (schedule,) = (each for each in schedules if each["ScheduleExpression"] == "rate(1 minute)")
    names = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    kept = {name: schedule[name] for name in names}
    scheduler.update_schedule(**kept, State="DISABLED")
    try:
        yield
    finally:
        scheduler.update_schedule(**kept, State="ENABLED")


@pytest.fixture(scope="module")
def world(environment: Environment) -> Iterator[World]:
    key = environment.credentials(identities.DEVELOPER)
    with Api(environment.api_url, key) as api, schedule_paused(environment):
        running = api.submit(shell_body("sleep", "300"))["id"]
        printed = api.submit(job_body("noop", {"output_bytes": 100_000}))["id"]
        api.wait(running, until=("RUNNING",))
        api.wait(printed)
        world = World(api, environment, running, printed)
        world.let_the_sweep_have_seen(printed)
        make_guarded(api, environment)
        wait_for(world.probes_a_cluster, seconds=10, what="a new cluster to be probed")
        wait_for(lambda: world.reveals("secret"), seconds=10, what="a new cluster to be seen")
        yield world
        api.request("POST", f"/job/{running}/cancel")
        api.wait(running)


def test_every_statement_is_probed(roles: Roles):
    found = {
        (function, statement["Sid"])
        for function in FUNCTIONS
        for statement in roles.statements(function)
    }

    assert found == set(PROBES) | UNCHECKED


@pytest.mark.parametrize(("function", "sid"), PROBES, ids=map("-".join, PROBES))
def test_function_needs_the_statement(function: str, sid: str, world: World, roles: Roles):
    probe = PROBES[function, sid]

    assert probe(world)
    with roles.without(function, sid):
        assert not probe(world)
    wait_for(lambda: probe(world), seconds=10, what="the probe to succeed again")
