"""Finds the API server of a cluster of EKS, and makes the token by which it knows the role."""

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from heimdall.aws.failures import engine_errors
from heimdall.domain.errors import PluginError
from heimdall.plugin.identity import Allow, AwsAccess, Identity

if TYPE_CHECKING:
    from mypy_boto3_eks import EKSClient

TOKEN_SECONDS = 60
"""For how long STS answers to the presigned request; EKS takes the token for 15 minutes."""

_HEADER = "x-k8s-aws-id"
_OPERATION = "sts.GetCallerIdentity"
_MARK = "heimdall-eks-token"


@dataclass(frozen=True, slots=True)
class ApiPlace:
    """Where a cluster's API server is.

    Attributes:
        authority: the certificate, as PEM, that its own is signed with.
        status: of the cluster: `ACTIVE`.
    """

    endpoint: str
    authority: str
    status: str


def find_api(
    aws: AwsAccess, identity: Identity, cluster_name: str, *, is_under_way: bool
) -> ApiPlace:
    """Ask EKS where the API server is.

    Raises:
        TransientPluginError: throttled or unreachable.
        PluginError: there is no such cluster, or it has no API server yet.
    """
    account = identity.role_arn.split(":")[4] if identity.role_arn else "*"
    partition = identity.role_arn.split(":")[1] if identity.role_arn else "aws"
    arn = f"arn:{partition}:eks:{identity.region or '*'}:{account}:cluster/{cluster_name}"
    client: EKSClient = aws.client("eks", identity, (Allow(["eks:DescribeCluster"], [arn]),))
    with engine_errors("looking for the cluster", is_under_way=is_under_way):
        found = client.describe_cluster(name=cluster_name)["cluster"]
    authority = found.get("certificateAuthority", {}).get("data")
    if not found.get("endpoint") or not authority:
        raise PluginError(f"the cluster {cluster_name} has no API server: {found.get('status')}")
    pem = base64.b64decode(authority).decode("ascii")
    return ApiPlace(found["endpoint"], pem, found.get("status", ""))


def make_token(aws: AwsAccess, identity: Identity, cluster_name: str) -> str:
    """Make a token: a presigned request that tells the cluster who we are, made for it alone.

    Raises:
        TransientPluginError: STS is out of reach.
        PluginError: the role cannot be taken.
    """
    policy = (Allow(["sts:GetCallerIdentity"], ["*"]),)
    client: Any = aws.client("sts", identity, policy)
    events = client.meta.events
    events.register_first(f"provide-client-params.{_OPERATION}", _take_name, unique_id=_MARK)
    events.register_first(f"before-sign.{_OPERATION}", _add_name, unique_id=f"{_MARK}-sign")
    with engine_errors("making a token for the cluster", is_under_way=True):
        url: str = client.generate_presigned_url(
            "get_caller_identity",
            Params={"ClusterName": cluster_name},
            ExpiresIn=TOKEN_SECONDS,
            HttpMethod="GET",
        )
    return f"k8s-aws-v1.{base64.urlsafe_b64encode(url.encode()).decode().rstrip('=')}"


def _take_name(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    """Take the name out of what STS is told: it goes into a header."""
    if "ClusterName" in params:
        context[_HEADER] = params.pop("ClusterName")


def _add_name(request: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
    if _HEADER in request.context:
        request.headers[_HEADER] = request.context[_HEADER]
