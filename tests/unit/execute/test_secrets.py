"""Secrets that a plugin lets out: into its handle, its log, its errors."""

import logging
from io import StringIO

import pytest

from functions.execute.redacted import redacted_report
from functions.execute.redacted_logs import keep_out_of_logs
from heimdall.domain.errors import StoreThrottledError
from heimdall.domain.job_status import JobStatus
from heimdall.observability import logger
from heimdall.plugin.options import AnyOptions, OptionModels, PluginOptions
from heimdall.plugin.redaction import Redactor
from heimdall.plugin.secret import Secret
from heimdall.plugin.spec import RunHandle, RunReport, RunState
from tests.factories import make_cluster
from tests.fakes.files import InMemoryJobFiles

SECRET = "hunter2"


@pytest.fixture
def redactor():
    redactor = Redactor()
    redactor.add(SECRET)
    return redactor


def fail():
    raise ValueError(f"bad password {SECRET}")


def fail_because_of_another():
    try:
        fail()
    except ValueError as error:
        raise RuntimeError(f"no connection with {SECRET}") from error


@pytest.mark.parametrize("name", [None, "acme.driver"])
def test_log_lines_of_a_run_are_redacted(redactor, caplog, name):
    log = logging.getLogger(name)

    keep_out_of_logs(redactor)
    log.warning("connected with %s to %d", SECRET, 5432, extra={"dsn": {"pw": SECRET}})
    log.warning({"password": SECRET})

    first, second = caplog.records
    assert first.getMessage() == "connected with [secret] to 5432"
    assert first.dsn == {"pw": "[secret]"}
    assert second.msg == {"password": "[secret]"}


def test_tracebacks_of_a_run_are_redacted_with_their_causes(redactor, caplog):
    keep_out_of_logs(redactor)
    try:
        fail_because_of_another()
    except RuntimeError:
        logging.getLogger("acme").exception("failed")

    assert SECRET not in caplog.text
    assert "no connection with [secret]" in caplog.text
    assert "ValueError: bad password [secret]" in caplog.text


def test_lines_of_the_gateway_itself_are_redacted(redactor, monkeypatch):
    lines = []
    monkeypatch.setattr(logger.registered_handler.stream, "write", lines.append, raising=False)

    keep_out_of_logs(redactor)
    try:
        fail()
    except ValueError:
        logger.exception("plugin failed", reason=f"it was {SECRET}")

    assert "plugin failed" in "".join(lines)
    assert SECRET not in "".join(lines)


def test_handler_that_comes_later_gets_redacted_lines_too(redactor):
    keep_out_of_logs(redactor)
    lines = StringIO()
    handler = logging.StreamHandler(lines)
    driver = logging.getLogger("acme.driver")
    driver.addHandler(handler)
    try:
        driver.warning("connected with %s", SECRET)
        try:
            fail()
        except ValueError:
            driver.exception("no connection")
    finally:
        driver.removeHandler(handler)

    assert "connected with [secret]\n" in lines.getvalue()
    assert "bad password [secret]" in lines.getvalue()
    assert SECRET not in lines.getvalue()


def test_secrets_of_several_runs_are_redacted_at_once(redactor, caplog):
    other = Redactor()
    other.add("s3cr3t")
    keep_out_of_logs(redactor)
    keep_out_of_logs(other)

    logging.getLogger("acme").warning("%s and %s", SECRET, "s3cr3t")

    assert caplog.records[0].getMessage() == "[secret] and [secret]"


def test_log_is_left_alone_without_secrets_and_after_a_run(caplog):
    idle = Redactor()
    keep_out_of_logs(idle)
    logging.getLogger("acme").warning("a %s", "word")
    idle.add(SECRET)
    del idle
    logging.getLogger("acme").warning(SECRET)

    assert [record.getMessage() for record in caplog.records] == ["a word", SECRET]
    assert caplog.records[0].args == ("word",)


def test_report_without_secrets_is_the_same_object():
    report = RunReport(state=RunState.SUCCEEDED, detail=SECRET)

    assert redacted_report(report, Redactor()) is report


class Options(PluginOptions):
    token: Secret


class Careless:
    """Starts work at an engine and puts a secret where none may be."""

    name = "noop"

    def __init__(self, handle):
        self.handle = handle
        self.canceled = []

    def start(self, run):
        token = run.cluster_options.token.reveal()
        values = {name: value.format(token) for name, value in self.handle.items()}
        return RunHandle(values=values, outputs={"at": f"https://x/?key={token}"})

    def poll(self, handle):
        return RunReport(state=RunState.SUCCEEDED, outputs={"late": self.last})

    def cancel(self, handle):
        self.canceled.append(handle)


def test_handle_with_a_secret_is_not_stored_and_its_work_ended(run, jobs):
    plugin = Careless({"query": "1", "dsn": "ada:{}@db"})

    job = run(plugin, models=OptionModels(job=AnyOptions, cluster=Options), cluster=CLUSTER)

    assert job.status is JobStatus.FAILED
    assert job.error == "the plugin put a secret into its handle, which must not be stored"
    assert len(plugin.canceled) == 1


def test_outputs_of_a_handle_and_of_a_report_are_redacted(run):
    plugin = Careless({"query": "1"})
    plugin.last = f"it was {SECRET}"

    job = run(plugin, models=OptionModels(job=AnyOptions, cluster=Options), cluster=CLUSTER)

    assert job.status is JobStatus.SUCCEEDED
    assert job.outputs == '{"at":"https://x/?key=[secret]","late":"it was [secret]"}'


def test_context_that_no_longer_fits_is_not_repeated(run):
    cluster = make_cluster(context={"token": SECRET})

    job = run(Careless({}), models=OptionModels(job=AnyOptions, cluster=Options), cluster=cluster)

    assert job.status is JobStatus.FAILED
    assert job.error.startswith("a context no longer fits: token: holds a secret")
    assert SECRET not in job.error


def test_job_whose_context_is_out_of_reach_fails(run):
    class Unreachable(InMemoryJobFiles):
        def context(self, job_id):
            raise StoreThrottledError("the store is busy")

    job = run(Careless({}), files=Unreachable(), job={"context": None, "outputs": '{"id":"1"}'})

    assert (job.status, job.error) == (JobStatus.FAILED, "the store is busy")
    assert job.outputs == '{"id":"1"}'


CLUSTER = make_cluster(context={"token": "ssm:/heimdall/token"})
