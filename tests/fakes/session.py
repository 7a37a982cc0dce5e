"""boto3 sessions that are new, but do not read the services' models from disk again."""

import boto3
import botocore.loaders
import botocore.session

_LOADER = botocore.loaders.create_loader()


def fresh_session() -> None:
    """Give boto3 a new default session: no client, no handler of an earlier test is in it."""
    session = botocore.session.Session()
    session.register_component("data_loader", _LOADER)
    boto3.setup_default_session(botocore_session=session)
