"""The process's environment during a run: no AWS but the stand-ins, and a function's settings."""

import json
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

REGION = "us-east-1"
ACCOUNT = "123456789012"
QUEUE_URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/light"
RUNNERS = {
    "light": {
        "function": "execute-light",
        "queue_url": QUEUE_URL,
        "wakes_url": f"{QUEUE_URL}-wakes",
        "plugins": ["ping", "shell", "noop"],
    }
}

AWS = {
    "AWS_ACCESS_KEY_ID": "benchmarks",
    "AWS_SECRET_ACCESS_KEY": "benchmarks",
    "AWS_SESSION_TOKEN": "benchmarks",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}
SETTINGS = {
    "HEIMDALL_JOBS_TABLE": "jobs",
    "HEIMDALL_CATALOG_TABLE": "catalog",
    "HEIMDALL_BUCKET": "bucket",
    "HEIMDALL_QUEUE_URL": QUEUE_URL,
    "HEIMDALL_WAKES_URL": f"{QUEUE_URL}-wakes",
    "HEIMDALL_LONG_JOBS_ARN": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:long-jobs",
    "HEIMDALL_DEPLOYMENT": "Heimdall-us-east-1",
    "HEIMDALL_RUNNERS": json.dumps(RUNNERS),
    "HEIMDALL_DEAD_LETTERS": "{}",
    "HEIMDALL_STOP_ORPHANS": "false",
    "HEIMDALL_TRUSTED_PROXIES": "",
    "HEIMDALL_ADMINS": "*",
    "HEIMDALL_DEFAULT_ROLE": "none",
    "HEIMDALL_FORMS_FUNCTION": "",
    "HEIMDALL_RETENTION_DAYS": "30",
    "HEIMDALL_AUDIT_RETENTION_DAYS": "365",
    "POWERTOOLS_SERVICE_NAME": "heimdall",
    "POWERTOOLS_METRICS_NAMESPACE": "Heimdall",
    "POWERTOOLS_LOG_LEVEL": "INFO",
}


def set_up() -> None:
    """Change this process's environment; to be called before a function is imported."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "HEIMDALL_", "POWERTOOLS_")):
            del os.environ[name]
    os.environ.update(AWS | SETTINGS)


def use_endpoint(url: str | None) -> None:
    """Send the clients that are made from now on to an endpoint, or to AWS's names again."""
    os.environ.pop("AWS_ENDPOINT_URL", None)
    if url is not None:
        os.environ["AWS_ENDPOINT_URL"] = url
