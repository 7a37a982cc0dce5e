"""What a job gave back, in the form that its reader would rather have."""

import io
from dataclasses import dataclass
from tempfile import TemporaryFile

from heimdall.domain.errors import NotAcceptableError, ResultNotFoundError
from heimdall.domain.forms import FormMaker
from heimdall.domain.job import Job
from heimdall.domain.job_files import JobFiles
from heimdall.domain.result import MAX_CSV_SOURCE_BYTES, ResultForm, forms_of, stored_forms
from heimdall.domain.result_csv import write_csv
from heimdall.http.accept import preferred

ANSWER_BYTES = 4 * 1024 * 1024
"""The most that one answer carries: Lambda's 6 MB, less a third for base64."""

MEDIA_TYPES = {
    ResultForm.JSON: "application/json",
    ResultForm.CSV: "text/csv",
    ResultForm.PARQUET: "application/vnd.apache.parquet",
    ResultForm.ARROW: "application/vnd.apache.arrow.stream",
}


@dataclass(frozen=True, slots=True)
class ResultAnswer:
    """A result in one form, or the address where it is."""

    form: ResultForm
    data: bytes = b""
    url: str | None = None


def read_result(job: Job, *, accept: str | None, files: JobFiles, maker: FormMaker) -> ResultAnswer:
    """Read a job's result.

    A form that it is not stored in is made when the first reader asks for it, and kept.

    Args:
        job: whose result.
        accept: the header Accept; None if there is none.
        files: where large results are.
        maker: makes the forms that cannot be made here.

    Raises:
        ResultNotFoundError: there is none, or it is not kept any more.
        NotAcceptableError: it cannot be had in any form that the reader accepts.
        ResultBeingMadeError: it is being made in the form, and takes its time.
    """
    if not job.result_bytes:
        reason = "has no result" if job.status.is_final else f"is {job.status}: no result yet"
        raise ResultNotFoundError(f"the job {reason}", job_id=job.id)
    form = _chosen(job, accept, maker)
    stored = stored_forms(job.result_form)
    if form in stored and (form is not ResultForm.JSON or job.result_bytes > ANSWER_BYTES):
        return ResultAnswer(form, url=files.result_url(*job.files_of, form))
    if form not in stored and not _is_made_here(form, job):
        if not files.has_result(*job.files_of, form):
            maker.make(job, form)
        return ResultAnswer(form, url=files.result_url(*job.files_of, form))
    if job.result_bytes > ANSWER_BYTES:
        return _large_csv(job, files)
    text = job.result if job.result is not None else files.result(*job.files_of)
    if form is ResultForm.JSON:
        return ResultAnswer(form, text.encode())
    csv = io.BytesIO()
    write_csv(io.BytesIO(text.encode()), csv)
    if csv.tell() > ANSWER_BYTES:
        return _large_csv(job, files)
    return ResultAnswer(form, csv.getvalue())


def _is_made_here(form: ResultForm, job: Job) -> bool:
    is_json = ResultForm.JSON in stored_forms(job.result_form)
    return form is ResultForm.CSV and is_json and job.result_bytes <= MAX_CSV_SOURCE_BYTES


def _chosen(job: Job, accept: str | None, maker: FormMaker) -> ResultForm:
    available = forms_of(job.result_form, job.result_bytes, is_any_made=maker.is_there)
    forms = {MEDIA_TYPES[form]: form for form in available}
    media_type = preferred(accept, list(forms))
    if media_type is None:
        limit = f"; larger than {MAX_CSV_SOURCE_BYTES:,} bytes, it is not made CSV"
        is_too_large = job.result_bytes > MAX_CSV_SOURCE_BYTES
        raise NotAcceptableError(
            f"the result can be had as {' or '.join(forms)}{limit if is_too_large else ''}",
            details={"forms": list(forms)},
            job_id=job.id,
        )
    return forms[media_type]


def _large_csv(job: Job, files: JobFiles) -> ResultAnswer:
    if not files.has_result(*job.files_of, ResultForm.CSV):
        with TemporaryFile() as csv, files.open_result(*job.files_of) as result:
            write_csv(result, csv)
            csv.seek(0)
            files.put_result_file(*job.files_of, ResultForm.CSV, csv)
    return ResultAnswer(ResultForm.CSV, url=files.result_url(*job.files_of, ResultForm.CSV))
