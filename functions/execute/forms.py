"""Making a result in another form than it is stored in."""

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO, cast

from heimdall.domain.clock import new_job_id
from heimdall.domain.errors import PluginError
from heimdall.domain.forms import MAKING_SECONDS
from heimdall.domain.job import Job
from heimdall.domain.result import ResultForm, stored_forms
from heimdall.observability import count
from heimdall.runtime import ExecuteRuntime

WAIT_SECONDS = 15.0
"""How long it is waited for somebody else who makes the same form."""

PAUSE_SECONDS = 0.5


def make_form(
    job_id: str,
    form: ResultForm,
    *,
    runtime: ExecuteRuntime,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Make a job's result in a form and keep it; one at a time, the others wait for it.

    Returns:
        Whether it is there by now.

    Raises:
        JobNotFoundError: the job is gone.
        ResultNotFoundError: its result is.
    """
    job, files = runtime.jobs.get(job_id), runtime.files
    maker, waited = new_job_id(runtime.clock.now_ms()), 0.0
    while not files.has_result(*job.files_of, form):
        now_ms = runtime.clock.now_ms()
        until_ms = now_ms + MAKING_SECONDS * 1_000
        if runtime.form_claims.claim(job, form, maker=maker, now_ms=now_ms, until_ms=until_ms):
            try:
                _make(job, form, runtime)
            finally:
                runtime.form_claims.release(job, form, maker=maker)
            return True
        if waited >= WAIT_SECONDS:
            return False
        sleep(PAUSE_SECONDS)
        waited += PAUSE_SECONDS
    return True


def _make(job: Job, form: ResultForm, runtime: ExecuteRuntime) -> None:
    forms = stored_forms(job.result_form)
    stored = ResultForm.PARQUET if ResultForm.PARQUET in forms else ResultForm.JSON
    try:
        _convert(job, stored, form, runtime)
    except PluginError:
        if stored is not ResultForm.JSON:
            raise
        from heimdall.tables.convert import misfits

        with _opened(job, stored, runtime) as source:
            as_texts = misfits(source)
        _convert(job, stored, form, runtime, as_texts=as_texts)
    count("ResultFormMade", job_id=job.id, form=form.value)


def _convert(
    job: Job,
    stored: ResultForm,
    form: ResultForm,
    runtime: ExecuteRuntime,
    *,
    as_texts: Collection[int] = (),
) -> None:
    from heimdall.tables.convert import convert

    with (
        _opened(job, stored, runtime) as source,
        runtime.files.write_result(*job.files_of, form) as sink,
    ):
        convert(source, stored, form, sink, as_texts=as_texts)


@contextmanager
def _opened(job: Job, stored: ResultForm, runtime: ExecuteRuntime) -> Iterator[BinaryIO]:
    if job.result is not None:
        yield BytesIO(job.result.encode())
    elif stored is ResultForm.JSON:
        with runtime.files.open_result(*job.files_of) as source:
            yield cast(BinaryIO, source)
    else:
        with runtime.files.open_result_anywhere(*job.files_of, stored) as source:
            yield source
