"""A guarded job: what was decided is stored first, and holds for the retries of a start."""

from dataclasses import replace

import pytest

from functions.execute.guarding import Guard
from heimdall.domain.audit import AuditUnavailableError
from heimdall.domain.errors import PluginError, StoreThrottledError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.domain.job import JobStatus
from heimdall.plugin.options import AnyOptions, OptionModels
from heimdall.plugin.redaction import Redactor
from heimdall.plugin.secret import SecretReader
from heimdall.plugin.sql_text import SqlText
from tests.factories import (
    make_cluster,
    make_command,
    make_job,
    make_policy,
    make_rule,
    make_running_job,
)
from tests.fakes.audit import InMemoryAuditLog

DENY = make_policy(cluster_tags=(), rules=(make_rule(effect="deny", actions=["*"]),))
ALLOW = make_policy(cluster_tags=(), rules=(make_rule(),))


def sql_of(text, *, is_read_only=False):
    return SqlText(dialect="trino", text=text, is_read_only=is_read_only)


@pytest.fixture
def guard(make_runtime):
    def make(sql, *policies, job=None, audit=None, read=None):
        models = OptionModels(job=AnyOptions, sql=lambda job, command, cluster: sql)
        runtime = make_runtime(None, models=models, policies=read or (lambda: policies))
        return Guard(
            job=job or make_running_job(),
            command=make_command(),
            cluster=make_cluster(),
            context={},
            secrets=SecretReader(lambda _: "", Redactor()),
            runtime=replace(runtime, audit=lambda: audit or InMemoryAuditLog()),
        )

    return make


def admits(guard, *, is_retry=False, is_wanted=True):
    stored = []

    def save(job):
        stored.append(job.policy)
        return is_wanted

    try:
        return guard.admits(is_retry=is_retry, save=save), stored
    except PluginError as error:
        return error, stored


def test_nothing_is_stored_where_nobody_guards(guard):
    assert admits(guard(sql_of("no SQL at all"))) == (True, [])


def test_decision_is_stored_before_the_job_is_admitted(guard):
    is_wanted, stored = admits(guard(sql_of("SELECT * FROM c.s.t"), ALLOW))

    assert is_wanted
    assert stored == [f"allowed: select on c.s.t by rule 0 of the policy {ALLOW.id!r}"]


def test_refusal_is_stored_and_is_the_users_failure(guard):
    audit = InMemoryAuditLog()

    error, stored = admits(guard(sql_of("SELECT * FROM c.s.t"), ALLOW, DENY, audit=audit))

    assert isinstance(error, PluginError)
    assert error.failure is Failure.USER_ERROR
    assert [str(error)] == [f"the SQL was {text}" for text in stored]


def test_run_that_is_not_wanted_any_more_is_neither_admitted_nor_refused(guard):
    is_wanted, _ = admits(guard(sql_of("SELECT * FROM c.s.t"), DENY), is_wanted=False)

    assert is_wanted is False


def test_retry_of_a_start_keeps_to_what_was_decided(guard):
    job = replace(make_running_job(), policy="allowed: it only reads")
    guarded = guard(sql_of("SELECT * FROM c.s.t"), DENY, job=job)

    assert admits(guarded, is_retry=True) == (True, [])
    assert isinstance(admits(guarded)[0], PluginError)


def test_retry_of_a_start_that_was_refused_before_a_crash_is_refused_again(guard):
    [refused] = admits(guard(sql_of("SELECT * FROM c.s.t"), DENY))[1]
    job = replace(make_running_job(), policy=refused)

    error, _ = admits(guard(sql_of("SELECT * FROM c.s.t"), DENY, job=job), is_retry=True)

    assert isinstance(error, PluginError)


def test_policies_that_cannot_be_read_are_asked_for_again(guard):
    def throttled():
        raise StoreThrottledError("busy")

    error, stored = admits(guard(sql_of("SELECT 1"), read=throttled))

    assert isinstance(error, TransientPluginError)
    assert stored == []


def test_job_of_which_sql_is_not_all_is_refused(guard):
    error, _ = admits(guard(None, ALLOW))

    assert "SQL alone does not say what the job does" in str(error)
    assert admits(guard(None)) == (True, [])


def test_refusal_stands_if_the_trail_cannot_be_written(guard):
    class Away(InMemoryAuditLog):
        def record(self, entry):
            raise AuditUnavailableError("away")

    error, _ = admits(guard(sql_of("SELECT * FROM c.s.t"), DENY, audit=Away()))

    assert isinstance(error, PluginError)


def test_next_run_is_decided_on_again():
    accepted = replace(make_job(status=JobStatus.ACCEPTED), policy="allowed: it only reads")

    assert accepted.started(now_ms=1, lease_expires_at_ms=2).policy is None
