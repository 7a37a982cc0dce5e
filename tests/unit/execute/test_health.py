"""Probes made by an executor, with plugins that have bad moments."""

from threading import Event

import boto3
import pytest

from functions.execute.health import make_probes
from heimdall.domain.errors import PluginError
from heimdall.domain.health import CheckStatus, Probe
from heimdall.plugin.options import AnyOptions, OptionModels
from heimdall.plugin.secret import Secret
from heimdall.plugin.spec import HealthReport
from heimdall.store.health import DynamoHealthStore
from tests.factories import NOW_MS, make_cluster
from tests.fakes.tables import JOBS

SECRET = "hunter2"


class Options(AnyOptions):
    token: Secret | None = None


class Healthy:
    """A plugin that does for each cluster what its context says."""

    name = "noop"

    def __init__(self):
        self.hold = Event()
        self.seen = []

    def health(self, request):
        self.seen.append(request)
        match request.cluster_options.does:
            case "hang":
                self.hold.wait(30)
            case "refuse":
                raise PluginError(f"no, {request.cluster_options.token.reveal()}")
            case "break":
                raise RuntimeError(f"broken, {request.cluster_options.token.reveal()}")
            case "deny":
                return HealthReport(is_healthy=False)
            case "explain":
                return HealthReport(is_healthy=False, detail="x" * 5_000)
        return HealthReport(is_healthy=True, detail="all is well")


@pytest.fixture
def plugin():
    plugin = Healthy()
    yield plugin
    plugin.hold.set()


@pytest.fixture
def make(make_runtime, plugin, jobs):
    runtime = make_runtime(plugin, models=OptionModels(job=AnyOptions, cluster=Options))

    def make(*does, seconds=10.0):
        probes = [probe(kind) for kind in does]
        return make_probes(probes, runtime=runtime, seconds=seconds)

    make.runtime = runtime
    return make


def probe(does):
    context = {"does": does, "token": "ssm:/heimdall/token"}
    return Probe(make_cluster(id=does, context=context, revision=2), "noop")


def test_healthy_cluster_is_ok(make, plugin):
    [check] = make("nothing")

    assert (check.status, check.error) == (CheckStatus.OK, "")
    assert (check.cluster_id, check.plugin, check.cluster_revision) == ("nothing", "noop", 2)
    assert check.checked_at_ms == NOW_MS
    assert plugin.seen[0].seconds_left == 10.0


@pytest.mark.parametrize(
    ("does", "error"),
    [
        ("refuse", "no, [secret]"),
        ("break", "the plugin 'noop' failed: RuntimeError: broken, [secret]"),
        ("deny", "the plugin gives no reason"),
        ("explain", "x" * 1_000),
    ],
)
def test_unhealthy_cluster_is_an_error_with_its_reason(make, does, error):
    [check] = make(does)

    assert (check.status, check.error) == (CheckStatus.ERROR, error)


def test_secrets_of_probes_are_not_logged(make, caplog):
    make("break")

    assert "probe failed" in caplog.text
    assert SECRET not in caplog.text


def test_context_that_does_not_fit_is_an_error_without_its_values(make):
    wrong = Probe(make_cluster(context={"does": "x", "token": SECRET}), "noop")

    [check] = make_probes([wrong], runtime=make.runtime)

    assert check.status is CheckStatus.ERROR
    assert "holds a secret" in check.error
    assert SECRET not in check.error


def test_probe_that_hangs_holds_up_nobody(make, plugin):
    checks = {check.cluster_id: check for check in make("hang", "nothing", "deny", seconds=0.3)}

    assert checks["hang"].error == "no answer within 0.3 s"
    assert checks["hang"].latency_ms == 300
    assert checks["nothing"].status is CheckStatus.OK
    assert checks["deny"].error == "the plugin gives no reason"


def test_answer_that_comes_too_late_changes_nothing(make, plugin):
    [check] = make("hang", seconds=0.05)
    plugin.hold.set()

    assert make.runtime.health.read([probe("hang").key]) == {probe("hang").key: check}


def test_results_are_kept(make):
    checks = make("nothing", "deny")

    kept = DynamoHealthStore(boto3.client("dynamodb"), JOBS).read(
        [("nothing", "noop"), ("deny", "noop")]
    )
    assert sorted(kept.values(), key=str) == sorted(checks, key=str)


def test_probe_that_somebody_else_makes_is_left_to_them(make, plugin):
    make.runtime.health.claim(probe("nothing"), now_ms=NOW_MS, until_ms=NOW_MS + 10_000)

    assert [check.cluster_id for check in make("nothing", "deny")] == ["deny"]
    assert len(plugin.seen) == 1
