"""What the functions have logged lately, for a test that has to tell why it waited in vain."""

from local.environment import Environment

NEWEST = 40


def newest_lines(environment: Environment, function: str) -> str:
    """Return the last lines of a function, which an output of the stacks names."""
    name = environment.outputs[function]
    found = environment.client("lambda").get_function_configuration(FunctionName=name)
    group = found["LoggingConfig"]["LogGroup"]
    pages = (
        environment.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    )
    lines = [event["message"].rstrip() for page in pages for event in page["events"]]
    return "\n".join([f"the newest of {len(lines)} lines of {group}:", *lines[-NEWEST:]])
