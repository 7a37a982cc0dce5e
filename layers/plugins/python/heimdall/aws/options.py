"""What the contexts of clusters at AWS have in common; loads no driver."""

from pydantic import Field

from heimdall.plugin.identity import Identity
from heimdall.plugin.options import PluginOptions

ROLE_ARN = r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/([!-~]{1,510}/)?[A-Za-z0-9_+=,.@-]{1,64}$"
EXTERNAL_ID = r"^[A-Za-z0-9_+=,.@:/-]{2,1224}$"
REGION = r"^[a-z]{2}(-[a-z]+)+-\d$"


class AwsClusterOptions(PluginOptions):
    """Where an engine is and who may use it; without them, where and who the executor is.

    Attributes:
        region: the engine's.
        role_arn: the role that is taken for each job, in the name of its user.
        external_id: what the role's owner demands to be told, if anything.
    """

    region: str | None = Field(default=None, pattern=REGION)
    role_arn: str | None = Field(default=None, pattern=ROLE_ARN)
    external_id: str | None = Field(default=None, pattern=EXTERNAL_ID)

    def identity(self, identity: Identity) -> Identity:
        """Return an identity in this cluster's role and region."""
        return identity.at(role_arn=self.role_arn, external_id=self.external_id, region=self.region)
