"""The stack that holds data: both tables and the bucket. Redeploying code never touches it."""

from collections.abc import Sequence

from aws_cdk import Acknowledgment, Duration, RemovalPolicy, Stack, Validations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.config import Config

DAYS_A_FILE_OUTLIVES_ITS_JOB = 7
TEXT, NUMBER = dynamodb.AttributeType.STRING, dynamodb.AttributeType.NUMBER
SHARD = dynamodb.Attribute(name="shard", type=NUMBER)
USER = dynamodb.Attribute(name="user_key", type=TEXT)
LISTED = (
    *("name", "version", "user", "tags", "command_id", "command_name"),
    *("cluster_id", "cluster_name", "owner", "teams"),
)
"""What lists are filtered by, and what never changes of a job."""


class HeimdallStateful(Stack):
    """Tables `jobs` and `catalog`, and the bucket of streams, results and large contexts."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Heimdall: the data, kept when the stack is deleted",
            termination_protection=config.deletion_protection,
        )
        self.jobs = _table(
            self,
            "Jobs",
            config,
            dynamo_stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            time_to_live_attribute="expires_at",
            global_secondary_indexes=[
                _job_index("by_time", partition=[SHARD], sort="id"),
                _job_index("by_user", partition=[USER, SHARD], sort="id"),
                _job_index("by_update", partition=[SHARD], sort="finished_key"),
            ],
        )
        self.catalog = _table(self, "Catalog", config, time_to_live_attribute="expires_at")
        self.bucket = _bucket(self, config)


def _table(scope: Construct, construct_id: str, config: Config, **more: object) -> dynamodb.TableV2:
    return dynamodb.TableV2(
        scope,
        construct_id,
        partition_key=dynamodb.Attribute(name="pk", type=TEXT),
        sort_key=dynamodb.Attribute(name="sk", type=TEXT),
        billing=dynamodb.Billing.on_demand(),
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        deletion_protection=config.deletion_protection,
        removal_policy=RemovalPolicy.RETAIN,
        **more,  # type: ignore[arg-type]  # keyword arguments of TableV2
    )


def _job_index(
    name: str, *, partition: Sequence[dynamodb.Attribute], sort: str
) -> dynamodb.GlobalSecondaryIndexPropsV2:
    """An index of jobs; sharded, so that no partition takes all writes."""
    return dynamodb.GlobalSecondaryIndexPropsV2(
        index_name=name,
        partition_keys=list(partition),
        sort_key=dynamodb.Attribute(name=sort, type=TEXT),
        projection_type=dynamodb.ProjectionType.INCLUDE,
        non_key_attributes=list(LISTED),
    )


def _bucket(scope: Construct, config: Config) -> s3.Bucket:
    bucket = s3.Bucket(
        scope,
        "Files",
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        removal_policy=RemovalPolicy.RETAIN,
        lifecycle_rules=[
            s3.LifecycleRule(
                id="files-of-expired-jobs",
                prefix="jobs/",
                expiration=Duration.days(config.retention_days + DAYS_A_FILE_OUTLIVES_ITS_JOB),
            ),
            s3.LifecycleRule(
                id="unfinished-uploads",
                abort_incomplete_multipart_upload_after=Duration.days(1),
            ),
        ],
    )
    Validations.of(bucket).acknowledge(
        Acknowledgment(
            id="AwsSolutions-S1",
            reason="Server access logs would need a second bucket to keep and protect; who read "
            "which job is in the access log of the API, and only the functions may read here.",
        )
    )
    return bucket
