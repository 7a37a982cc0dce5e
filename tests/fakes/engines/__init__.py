"""Stand-ins for engines: moto's, with the states of their work set by the test."""

from tests.fakes.engines.athena import AthenaDriver
from tests.fakes.engines.batch import BatchDriver
from tests.fakes.engines.driver import EngineDriver
from tests.fakes.engines.ecs import EcsDriver
from tests.fakes.engines.emr import EmrDriver, EmrTransientDriver
from tests.fakes.engines.emr_serverless import EmrServerlessDriver
from tests.fakes.engines.glue_job import GlueJobDriver
from tests.fakes.engines.lambda_ import LambdaDriver
from tests.fakes.engines.redshift import RedshiftDriver
from tests.fakes.engines.snowflake import SnowflakeDriver
from tests.fakes.engines.spark import SparkDriver
from tests.fakes.engines.spark_local import SparkLocalDriver
from tests.fakes.engines.sparkeks import SparkEksDriver
from tests.fakes.engines.stepfunctions import StepFunctionsDriver
from tests.fakes.engines.trino import TrinoDriver

DRIVERS: tuple[type[EngineDriver], ...] = (
    AthenaDriver,
    EcsDriver,
    BatchDriver,
    EmrServerlessDriver,
    EmrDriver,
    EmrTransientDriver,
    GlueJobDriver,
    LambdaDriver,
    RedshiftDriver,
    SnowflakeDriver,
    SparkDriver,
    SparkEksDriver,
    SparkLocalDriver,
    StepFunctionsDriver,
    TrinoDriver,
)
