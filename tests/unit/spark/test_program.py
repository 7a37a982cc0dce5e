"""What Spark is to run for a job, and where its files go."""

import pytest
from pydantic import ValidationError

from heimdall.spark.options import SparkCommandOptions, SparkJobOptions, merged_properties
from heimdall.spark.program import Program, program_of, sql_plan, wrapper_name

URIS = {"queries_uri": "s3://lake/queries/", "results_uri": "s3://lake"}


def job_of(**fields):
    return SparkJobOptions.model_validate(fields)


def command_of(**fields):
    return SparkCommandOptions.model_validate(fields)


def test_statement_and_result_of_each_run_have_places_of_their_own():
    first, second = (
        sql_plan(job_of(query="SELECT 1"), command_of(**URIS), "job-1", run) for run in (1, 2)
    )

    assert first.query.uri == "s3://lake/queries/job-1/1/query.sql"
    assert first.output.uri == "s3://lake/job-1/1"
    assert (second.query, second.output) != (first.query, first.output)
    assert second.wrappers == first.wrappers


@pytest.mark.parametrize(
    ("wrapper_uri", "place"),
    [
        (None, "s3://lake/queries"),
        ("s3://lake/wrappers/", "s3://lake/wrappers"),
        ("s3://lake/contrib/theirs.py", "s3://lake/contrib"),
        ("s3://lake/theirs.jar", "s3://lake"),
    ],
)
def test_wrapper_goes_below_its_place_or_beside_a_file(wrapper_uri, place):
    command = command_of(**URIS, **({"wrapper_uri": wrapper_uri} if wrapper_uri else {}))

    assert sql_plan(job_of(query="SELECT 1"), command, "job-1", 1).wrappers.uri == place


def test_wrapper_is_named_after_its_content():
    assert wrapper_name() == wrapper_name()
    assert wrapper_name().startswith("heimdall-wrapper-")
    assert wrapper_name().endswith(".py")


@pytest.mark.parametrize("missing", ["queries_uri", "results_uri"])
def test_statement_needs_places_of_the_command(missing):
    uris = {name: uri for name, uri in URIS.items() if name != missing}

    with pytest.raises(ValueError, match="takes no query"):
        sql_plan(job_of(query="SELECT 1"), command_of(**uris), "job-1", 1)


def test_class_may_be_named_in_heimdalls_way_or_ours():
    command = command_of(programs_uri="s3://lake/programs")
    file = "s3://lake/programs/daily.jar"
    ours = job_of(entry_point=file, main_class="com.acme.Daily")
    heimdalls = job_of(entry_point=file, parameters={"entry_point": "com.acme.Daily"})

    assert program_of(ours, command) == program_of(heimdalls, command)
    assert program_of(ours, command) == Program(
        entry_point=file, arguments=(), main_class="com.acme.Daily"
    )


@pytest.mark.parametrize(
    ("job", "said"),
    [
        ({}, "neither a query"),
        ({"arguments": ["1"]}, "neither a query"),
        ({"query": "SELECT 1", "arguments": ["1"]}, "a query takes no"),
        ({"query": "SELECT 1", "entry_point": "s3://lake/programs/a.py"}, "a query takes no"),
        ({"query": "SELECT 1", "main_class": "A"}, "a query takes no"),
        ({"entry_point": "s3://lake/programs/a.txt"}, "ends with"),
        ({"entry_point": "s3://lake/programs/a.py", "main_class": "A"}, "no main class"),
        ({"entry_point": "s3://lake/programs/a.py", "return_result": True}, "return_result"),
        ({"entry_point": "s3://lake/other/a.py"}, "below s3://lake/programs"),
        ({"entry_point": "s3://lake/programs-of-others/a.py"}, "below s3://lake/programs"),
        ({"entry_point": "s3://lake/programs/../other/a.py"}, "below s3://lake/programs"),
        ({"entry_point": "s3://lake2/programs/a.py"}, "below s3://lake/programs"),
        (
            {
                "entry_point": "s3://lake/programs/a.jar",
                "main_class": "A",
                "parameters": {"entry_point": "B"},
            },
            "two classes",
        ),
    ],
)
def test_job_that_is_not_clear_or_not_allowed_is_refused(job, said):
    with pytest.raises(ValueError, match=said):
        program_of(job_of(**job), command_of(**URIS, programs_uri="s3://lake/programs"))


def test_file_of_the_command_is_run_only_with_arguments():
    command = command_of(**URIS, wrapper_uri="s3://lake/contrib/jobs.py")

    assert program_of(job_of(arguments=[]), command) == Program(
        entry_point="s3://lake/contrib/jobs.py", arguments=()
    )
    with pytest.raises(ValueError, match="neither a query"):
        program_of(job_of(), command)


def test_jobs_bring_no_programs_where_the_command_does_not_say_from_where():
    with pytest.raises(ValueError, match="no programs_uri"):
        program_of(job_of(entry_point="s3://lake/a.py"), command_of(**URIS))


@pytest.mark.parametrize(
    "fields",
    [
        {"query": " \n"},
        {"query": "SELECT 1", "user": "root"},
        {"entry_point": "https://lake/a.py"},
        {"entry_point": "s3://lake/a b.py"},
        {"entry_point": "s3://lake/*.py"},
        {"entry_point": "s3://LAKE/a.py"},
        {"main_class": "com.acme.Daily --conf x=y"},
        {"arguments": [""]},
        {"arguments": ["1"] * 1_025},
        {"parameters": {"properties": {"spark.a": 1}}},
        {"parameters": {"properties": {"spark.a": " "}}},
        {"parameters": {"properties": {"spark.a": "x" * 1_025}}},
        {"parameters": {"properties": {"spark.a b": "x"}}},
        {"parameters": {"properties": {"hadoop.a": "x"}}},
    ],
)
def test_field_that_spark_or_emr_cannot_take_is_refused(fields):
    with pytest.raises(ValidationError):
        job_of(**fields)


def test_properties_are_laid_over_one_another():
    merged = merged_properties({"a": "1", "b": "1"}, {"b": "2"}, {"c": "3"})

    assert merged == {"a": "1", "b": "2", "c": "3"}
