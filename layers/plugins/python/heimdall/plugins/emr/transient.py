"""A cluster that is made for one job and ends with it: what it is made of."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from heimdall.aws.options import ROLE_ARN
from heimdall.aws.s3 import S3Uri
from heimdall.plugin.options import PluginOptions

MAX_TAGS = 40
"""EMR takes 50 in all; ours are among them."""

_TEXT = Annotated[str, Field(min_length=1, max_length=256)]


class InstanceGroup(PluginOptions):
    """Machines of one kind.

    Attributes:
        instance_role: MASTER has one machine, CORE stores and works, TASK works.
        market: SPOT for cheap machines that may go away.
    """

    instance_role: Literal["MASTER", "CORE", "TASK"]
    instance_type: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,63}$")
    instance_count: int = Field(default=1, ge=1, le=2_000)
    market: Literal["ON_DEMAND", "SPOT"] = "ON_DEMAND"


class Configuration(PluginOptions):
    """Settings of one of the cluster's programs."""

    classification: _TEXT
    properties: dict[str, str] = Field(default_factory=dict)


class BootstrapAction(PluginOptions):
    """A script that every machine runs before the cluster works."""

    name: _TEXT
    path: S3Uri
    args: list[Annotated[str, Field(max_length=10_280)]] = Field(default_factory=list)


class TransientCluster(PluginOptions):
    """What EMR is asked to make.

    Attributes:
        service_role: EMR's own.
        instance_profile: of the machines: its name or ARN.
        instance_role: the role in that profile, which has to be passed.
        log_uri: where EMR puts logs; without it there are none.
        tags: beside ours; EMR's managed policies want `for-use-with-amazon-emr-managed-policies`.
    """

    release_label: str = Field(pattern=r"^emr-\d+\.\d+\.\d+(-[a-z0-9.]+)?$")
    instance_groups: list[InstanceGroup] = Field(min_length=1, max_length=50)
    service_role: str = Field(pattern=ROLE_ARN)
    instance_profile: _TEXT
    instance_role: str = Field(pattern=ROLE_ARN)
    subnet_id: str | None = Field(default=None, pattern=r"^subnet-[0-9a-f]{8,17}$")
    applications: list[_TEXT] = Field(default_factory=lambda: ["Spark"])
    configurations: list[Configuration] = Field(default_factory=list)
    bootstrap_actions: list[BootstrapAction] = Field(default_factory=list, max_length=16)
    security_configuration: _TEXT | None = None
    log_uri: S3Uri | None = None
    tags: dict[_TEXT, Annotated[str, Field(max_length=256)]] = Field(
        default_factory=dict, max_length=MAX_TAGS
    )

    @field_validator("instance_groups")
    @classmethod
    def _with_one_master(cls, value: list[InstanceGroup]) -> list[InstanceGroup]:
        masters = [each.instance_count for each in value if each.instance_role == "MASTER"]
        if masters != [1]:  # several make a cluster that EMR protects and keeps
            raise ValueError("has to have one group of the role MASTER with one machine")
        return value
