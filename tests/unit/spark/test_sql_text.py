"""What the SQL policy checks of Spark's jobs."""

import pytest

from heimdall.plugins.athena.options import OPTIONS as ATHENA
from heimdall.plugins.emr.options import OPTIONS as EMR
from heimdall.plugins.redshift.options import OPTIONS as REDSHIFT
from heimdall.spark.options import SparkCommandOptions, SparkJobOptions
from heimdall.spark.sql_text import sql_of


def text_of(job, **properties):
    return sql_of(SparkJobOptions.model_validate(job), SparkCommandOptions(), {**properties})


def test_statement_is_checked_with_the_session_it_begins_with():
    sql = text_of({"query": "SELECT 1"})

    assert (sql.dialect, sql.text) == ("spark", "SELECT 1")
    assert (sql.catalog, sql.schema) == ("spark_catalog", "default")
    other = text_of({"query": "SELECT 1"}, **{"spark.sql.defaultCatalog": "lake"})
    assert (other.catalog, other.schema) == ("lake", None)


@pytest.mark.parametrize(
    "job",
    [
        {"entry_point": "s3://bucket/x.jar"},
        {"arguments": ["a"]},
        {"query": "SELECT 1", "parameters": {"properties": {"spark.jars": "s3://x/y.jar"}}},
        {"query": "SELECT 1", "main_class": "x.Y"},
    ],
)
def test_program_and_properties_of_a_job_are_no_sql(job):
    assert text_of(job) is None


def test_step_of_a_command_is_no_sql():
    job, cluster = EMR.job(query="SELECT 1"), EMR.cluster(cluster_id="j-1")

    assert EMR.sql(job, EMR.command(), cluster).text == "SELECT 1"
    assert EMR.sql(job, EMR.command(step={"args": ["x"]}), cluster) is None


def test_statements_of_redshift_are_checked_together():
    sql = REDSHIFT.sql(
        REDSHIFT.job(statements=["SELECT 1", "SELECT 2"]),
        REDSHIFT.command(),
        REDSHIFT.cluster(database="dev", workgroup_name="some"),
    )

    assert (sql.text, sql.catalog, sql.schema) == ("SELECT 1;\nSELECT 2", "dev", None)


def test_query_of_athena_has_the_place_of_command_and_cluster():
    sql = ATHENA.sql(
        ATHENA.job(query="SELECT 1"), ATHENA.command(database="sales"), ATHENA.cluster()
    )

    assert (sql.catalog, sql.schema) == ("AwsDataCatalog", "sales")
