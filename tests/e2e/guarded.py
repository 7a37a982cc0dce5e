"""A command and clusters that no other test's jobs are sent to, with secrets in them."""

import secrets
from typing import Any

from local.environment import Environment
from tests.e2e.api import Api

TYPE = "type:guarded"
CANARY = "canary-5f0d-e2e"
SECRET, PARAMETER = "heimdall/e2e", "/heimdall/e2e"
REFERENCES = {
    "secret": f"secretsmanager:{SECRET}",
    "parameter": f"ssm:{PARAMETER}",
}


def make_guarded(api: Api, environment: Environment) -> None:
    """Make the secrets as the account's root, and the commands and clusters as an admin."""
    manager, parameters = environment.client("secretsmanager"), environment.client("ssm")
    known = {secret["Name"] for secret in manager.list_secrets()["SecretList"]}
    if SECRET not in known:
        manager.create_secret(Name=SECRET, SecretString=CANARY)
    parameters.put_parameter(Name=PARAMETER, Value=CANARY, Type="SecureString", Overwrite=True)
    for command, is_sync in (("guarded", True), ("guarded-async", False)):
        body = {"name": command, "plugin": "noop", "is_sync": is_sync}
        put(api, f"command/{command}", **body, tags=[f"type:{command}"], cluster_tags=[TYPE])
    for name, reference in REFERENCES.items():
        put(api, f"cluster/{name}", name=name, tags=[TYPE], context={"token": reference})


def put(api: Api, path: str, **body: Any) -> None:
    answer = api.request("PUT", f"/{path}", json=body)
    assert answer.is_success, answer.text


def put_probed_cluster(api: Api, tag: str = TYPE, **context: Any) -> str:
    """Make a cluster that was never probed; return its id."""
    cluster_id = f"probed-{secrets.token_hex(8)}"
    put(
        api,
        f"cluster/{cluster_id}",
        name=cluster_id,
        tags=[tag],
        context=context,
        health_check=True,
    )
    return cluster_id


def job_on(cluster: str, *, command: str = "guarded", **context: Any) -> dict[str, Any]:
    """What a client sends to run noop on one of the clusters."""
    return {
        "name": "guarded-test",
        "context": context,
        "command_criteria": [f"type:{command}"],
        "cluster_criteria": [f"_id:{cluster}"],
    }
