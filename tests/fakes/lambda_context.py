"""Lambda's context object."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LambdaContext:
    seconds_left: float = 900.0
    function_name: str = "function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:function"
    aws_request_id: str = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds_left * 1_000)
