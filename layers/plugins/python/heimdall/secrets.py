"""Reads secrets from Secrets Manager and from SSM's parameters."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.plugin.secret import SecretReference

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_ssm import SSMClient

_MISSING = frozenset({"ResourceNotFoundException", "ParameterNotFound"})
_LATER = frozenset(
    {
        "ThrottlingException",
        "InternalServiceError",
        "InternalServerError",
        "TooManyRequestsException",
    }
)


@dataclass(frozen=True, slots=True)
class AwsSecrets:
    """Reads what a reference names; what is read stays with who asked.

    Args:
        secrets_manager: makes the client when the first secret is read; most runs have none.
        parameters: so for the parameters of SSM.
    """

    secrets_manager: Callable[[], "SecretsManagerClient"]
    parameters: Callable[[], "SSMClient"]

    def read(self, reference: SecretReference) -> str:
        """Read the whole value that a reference names.

        Raises:
            TransientPluginError: it cannot be read now.
            PluginError: there is none, it may not be read, or it is no text.
        """
        try:
            if reference.source == "ssm":
                answer = self.parameters().get_parameter(Name=reference.name, WithDecryption=True)
                return answer["Parameter"]["Value"]
            found = self.secrets_manager().get_secret_value(SecretId=reference.name)
        except ClientError as error:
            raise _translated(error, reference) from error
        except BotoCoreError as error:
            raise TransientPluginError(f"the secret {reference} is out of reach now") from error
        if "SecretString" not in found:
            raise PluginError(f"the secret {reference} is binary, not text")
        return found["SecretString"]


def _translated(error: ClientError, reference: SecretReference) -> PluginError:
    code = error.response["Error"]["Code"]
    if code in _MISSING:
        return PluginError(f"there is no secret {reference}")
    if code in _LATER:
        return TransientPluginError(f"the secret {reference} cannot be read now: {code}")
    return PluginError(f"the secret {reference} may not be read by this deployment: {code}")
