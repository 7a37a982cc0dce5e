"""What every plugin does at its engine, call by call; whole lives are in tests/functional."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.spec import HealthRequest, RunHandle, RunState
from tests.fakes.engines import DRIVERS
from tests.fakes.engines.bench import EngineBench, bench_of
from tests.fakes.runs import make_identity, make_registry


@pytest.fixture(params=DRIVERS, ids=lambda driver: driver.plugin)
def bench(request: pytest.FixtureRequest) -> Iterator[EngineBench]:
    with bench_of(request.param, has_faults=True) as made:
        yield made


def test_started_work_runs_until_the_engine_says_that_it_succeeded(bench):
    handle = bench.start()
    assert bench.state(handle) is RunState.RUNNING

    bench.driver.succeed(handle.values)

    assert bench.state(handle) is RunState.SUCCEEDED
    bench.collect(handle)
    assert (bench.driver.started(), bench.driver.active()) == (1, 0)


def test_handle_is_made_of_texts_and_outputs_name_the_work(bench):
    handle = bench.start()

    values = [*handle.values.values(), *handle.outputs.values()]
    assert all(isinstance(value, str) for value in values)
    assert handle.outputs


def test_fault_of_the_engine_fails_the_run_with_a_reason(bench):
    handle = bench.start()
    bench.driver.fail(handle.values)

    report = bench.plugin.poll(handle)

    assert report.state is RunState.FAILED
    assert report.detail
    if bench.driver.has_engine_faults:
        assert report.failure is not None
        assert report.failure.is_retryable


def test_users_error_is_told_from_the_engines(bench):
    if not bench.driver.has_user_errors:
        pytest.skip("the engine does not tell them apart")
    handle = bench.start()
    bench.driver.fail_as_user(handle.values)

    report = bench.plugin.poll(handle)

    assert (report.state, report.failure) == (RunState.FAILED, Failure.USER_ERROR)
    bench.collect(handle)


def test_throttled_start_is_transient_and_starts_nothing(bench):
    bench.faults.throttles = True

    with pytest.raises(TransientPluginError) as raised:
        bench.start()

    assert raised.value.failure is Failure.THROTTLED
    assert bench.driver.started() == 0


def test_start_whose_answer_was_lost_is_found_again_by_the_next_try(bench):
    bench.faults.loses_answers = True
    with pytest.raises(TransientPluginError):
        bench.start()
    bench.faults.loses_answers = False

    handle = bench.start(is_retry=True)

    assert bench.driver.started() == 1
    assert bench.state(handle) is RunState.RUNNING


def test_next_run_of_a_job_is_other_work(bench):
    bench.start()
    run = bench.run()
    bench.plugin.start(replace(run, run=2, token=f"{run.job_id}-2", identity=make_identity(run=2)))

    assert bench.driver.started() == 2


def test_cancel_ends_the_work_and_poll_tells(bench):
    handle = bench.start()

    bench.plugin.cancel(handle)
    bench.driver.finish_cancel(handle.values)

    assert bench.state(handle) is RunState.CANCELED
    assert bench.driver.active() == 0
    bench.plugin.cancel(handle)
    assert bench.state(handle) is RunState.CANCELED
    bench.collect(handle)


def test_cancel_of_ended_work_changes_nothing(bench):
    handle = bench.start()
    bench.driver.succeed(handle.values)

    bench.plugin.cancel(handle)

    assert bench.state(handle) is RunState.SUCCEEDED


def test_work_that_somebody_stopped_by_hand_did_not_succeed(bench):
    handle = bench.start()
    bench.driver.stop_by_hand(handle.values)

    assert bench.state(handle) in (RunState.CANCELED, RunState.FAILED)


def test_work_that_is_gone_is_an_error_that_stays(bench):
    if not bench.driver.forgets:
        pytest.skip("nothing can vanish from this engine")
    handle = bench.start()
    bench.driver.forget(handle.values)

    with pytest.raises(PluginError) as raised:
        bench.plugin.poll(handle)

    assert not isinstance(raised.value, TransientPluginError)


def test_unknown_state_is_no_end(bench):
    handle = bench.start()
    bench.driver.say_unknown_state(handle.values)

    report = bench.plugin.poll(handle)

    assert report.state is RunState.RUNNING
    assert report.detail


def test_handle_of_another_version_is_refused_with_a_reason(bench):
    for call in (bench.plugin.poll, bench.plugin.cancel):
        with pytest.raises(PluginError, match="version"):
            call(RunHandle(values={"written_by": "an older version"}))


def test_event_names_the_work_of_the_handle(bench):
    handle = bench.start()
    bench.driver.succeed(handle.values)
    event = bench.driver.event(handle.values)
    kinds = make_registry().events(bench.driver.plugin)
    if event is None:
        assert not kinds
        return

    (kind,) = (
        each
        for each in kinds
        if (each.source, each.detail_type) == (event["source"], event["detail-type"])
    )

    assert handle.work_id is not None
    assert kind.work_id(event["detail"]) == handle.work_id
    assert kind.work_id({}) is None
    for field, values in kind.pattern.items():
        assert event["detail"][field] in values


def test_search_finds_running_work_of_this_deployment_only(bench):
    run, search = bench.run(), bench.search()
    handle = bench.start()
    found = list(bench.plugin.find_work(search))
    if not bench.driver.is_searchable:
        assert found == []
        return

    assert [(work.job_id, work.run) for work in found] == [(run.job_id, 1)]
    bench.plugin.cancel(found[0].handle)
    bench.driver.finish_cancel(handle.values)
    assert bench.driver.active() == 0
    assert list(bench.plugin.find_work(search)) == []
    other = make_identity(job_id="", run=0, deployment="Other-eu-west-1")
    bench.start(run=2, token=f"{run.job_id}-2", identity=make_identity(run=2))
    assert list(bench.plugin.find_work(replace(search, identity=other))) == []


def test_every_call_acts_in_the_clusters_role(bench):
    if "role_arn" not in make_registry().options(bench.driver.plugin).cluster.model_fields:
        pytest.skip("the engine knows no roles")
    aws = bench.plugin._aws
    aws.asked.clear()
    role = {"role_arn": "arn:aws:iam::123456789012:role/heimdall/jobs"}
    bench.driver.cluster_context = {**bench.driver.cluster_context, **role}

    handle = bench.start()
    bench.plugin.poll(handle)
    bench.plugin.cancel(handle)

    assert aws.asked
    for _, identity, policy in aws.asked:
        assert (identity.role_arn, identity.user) == (role["role_arn"], "ada")
        assert policy
        for part in policy:
            assert not [action for action in part.actions if "*" in action]


def test_health_is_asked_of_the_engine(bench):
    run = bench.run()

    report = bench.plugin.health(
        HealthRequest(
            cluster=run.cluster,
            cluster_options=run.cluster_options,
            seconds_left=10.0,
            identity=make_identity(job_id="", run=0),
        )
    )

    assert report.is_healthy, report.detail
