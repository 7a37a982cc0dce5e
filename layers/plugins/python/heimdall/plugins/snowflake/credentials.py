"""What a session shows Snowflake to be let in; revealed when it is opened, and kept nowhere."""

from typing import TYPE_CHECKING, Any

from heimdall.domain.errors import PluginError
from heimdall.plugins.snowflake.access import Access

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


def credentials_of(access: Access) -> dict[str, Any]:
    """Return the arguments of the driver that say who asks.

    Raises:
        TransientPluginError: a secret cannot be read now.
        PluginError: a secret is missing, or is not what it should be.
    """
    user = {"user": access.cluster.user} if access.cluster.user else {}
    if access.is_oauth:
        return {**user, "authenticator": "oauth", "token": access.reveal("token").strip()}
    return {**user, "authenticator": "SNOWFLAKE_JWT", "private_key": _key_of(access)}


def _key_of(access: Access) -> "RSAPrivateKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    # a secret kept as JSON by hand often has its line ends escaped twice
    text = access.reveal("private_key").replace("\\n", "\n").strip()
    phrase = access.reveal("private_key_passphrase") if access.has("private_key_passphrase") else ""
    try:
        key = load_pem_private_key(text.encode(), phrase.encode() or None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # the cause would say what was tried with the key
        raise PluginError(
            f"the secret {access.cluster.private_key} is no private key in PEM form that can be "
            "read with the private_key_passphrase, or without one"
        ) from None
    if not isinstance(key, RSAPrivateKey):
        raise PluginError(f"the secret {access.cluster.private_key} is no RSA key")
    return key
