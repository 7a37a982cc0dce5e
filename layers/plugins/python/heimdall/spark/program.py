"""What Spark is to run for a job: the wrapper with a statement, or a program of somebody's."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from heimdall.aws.s3 import S3Place
from heimdall.spark.options import SparkCommandOptions, SparkJobOptions
from heimdall.spark.report import WRAPPER

FILES = (".py", ".jar")
"""How the names of programs end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlPlan:
    """A statement to be run by the wrapper, and where it all goes; nothing is there yet.

    Attributes:
        query: of the object with the statement's text.
        wrappers: below which the wrapper goes.
        output: below which the wrapper puts its report and the result.
    """

    text: str
    query: S3Place
    wrappers: S3Place
    output: S3Place
    max_rows: int
    max_bytes: int
    return_result: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A jar or a Python file to be run as it is."""

    entry_point: str
    arguments: tuple[str, ...]
    main_class: str | None = None


def program_of(job: SparkJobOptions, command: SparkCommandOptions) -> Program | None:
    """Return the program that a job runs, or None if it has a statement.

    Raises:
        ValueError: the job has neither or both, or the command does not allow the program.
    """
    if job.query is not None:
        if job.entry_point or job.arguments or _main_class(job):
            raise ValueError("a query takes no entry_point, arguments or main class")
        return None
    entry_point = job.entry_point or _file_of(job, command)
    if entry_point is None:
        raise ValueError("neither a query nor an entry_point")
    if job.entry_point is not None:
        _check_allowed(job.entry_point, command)
    if not entry_point.endswith(FILES):
        raise ValueError(f"entry_point has to be a file that ends with {' or '.join(FILES)}")
    if entry_point.endswith(".py") and _main_class(job):
        raise ValueError("a Python file has no main class")
    if job.return_result:
        raise ValueError("return_result is for queries: programs write where they want to")
    return Program(
        entry_point=entry_point, arguments=tuple(job.arguments or ()), main_class=_main_class(job)
    )


def wrappers_place(uri: str) -> S3Place:
    """Return below which place the wrapper goes: this one, or the one that a file is in."""
    place = S3Place.parse(uri)
    if place.key.endswith(FILES):
        return S3Place(place.bucket, place.key.rpartition("/")[0])
    return place


def sql_plan(job: SparkJobOptions, command: SparkCommandOptions, job_id: str, run: int) -> SqlPlan:
    """Return where a run's statement goes.

    Raises:
        ValueError: the command is not made for statements.
    """
    if command.queries_uri is None or command.results_uri is None:
        raise ValueError("the command takes no query: it has no queries_uri or no results_uri")
    return SqlPlan(
        text=job.query or "",
        query=S3Place.parse(command.queries_uri).below(job_id, str(run), "query.sql"),
        wrappers=wrappers_place(command.wrapper_uri or command.queries_uri),
        output=S3Place.parse(command.results_uri).below(job_id, str(run)),
        max_rows=command.max_rows,
        max_bytes=command.max_bytes,
        return_result=job.return_result,
    )


@lru_cache(maxsize=1)
def wrapper_name() -> str:
    """Return a name for the wrapper that tells its version: another one overwrites nothing."""
    return f"heimdall-wrapper-{hashlib.sha256(WRAPPER.read_bytes()).hexdigest()[:16]}.py"


def _main_class(job: SparkJobOptions) -> str | None:
    named = {job.main_class, job.parameters.entry_point} - {None}
    if len(named) > 1:
        raise ValueError("main_class and parameters.entry_point name two classes")
    return next(iter(named), None)


def _file_of(job: SparkJobOptions, command: SparkCommandOptions) -> str | None:
    """Return the command's own file, which jobs ask for by giving it arguments."""
    uri = command.wrapper_uri
    is_asked_for = job.arguments is not None and uri is not None and uri.endswith(FILES)
    return uri if is_asked_for else None


def _check_allowed(entry_point: str, command: SparkCommandOptions) -> None:
    if command.programs_uri is None:
        raise ValueError("the command lets jobs bring no entry_point: it has no programs_uri")
    place, allowed = S3Place.parse(entry_point), S3Place.parse(command.programs_uri)
    is_below = place.key.startswith(f"{allowed.key}/" if allowed.key else "")
    goes_up = {".", ".."} & set(place.key.split("/"))
    if place.bucket != allowed.bucket or not is_below or goes_up:
        raise ValueError(f"entry_point has to be below {allowed.uri}")
