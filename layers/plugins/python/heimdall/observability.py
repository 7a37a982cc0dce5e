"""Logs and metrics of the functions: one JSON line for each thing that happened."""

import warnings

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

# A refused request counts nothing, and Powertools would say so in the log each time.
warnings.filterwarnings("ignore", message="No application metrics to publish")

logger = Logger()
metrics = Metrics()


def count(event: str, **facts: str) -> None:
    """Count a business event and put its facts (ids, statuses) beside it in the same line."""
    metrics.add_metric(name=event, unit=MetricUnit.Count, value=1)
    for name, value in facts.items():
        metrics.add_metadata(key=name, value=value)
