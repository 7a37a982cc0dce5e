"""A queue of one runner, and the queue of what the runner gave up on."""

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

EXECUTION_SECONDS = 900
"""The longest that one invocation of a runner lasts; the most that Lambda grants."""

DELIVERIES = 5

DEAD_LETTERS_AT_ONCE = 10

TAKING_SECONDS = 60
"""How long the function may take that takes dead letters."""


WAKES_AT_ONCE = 10
"""A wake is a question or two to an engine, so that many share an invocation."""

WAKING_FUNCTIONS = 20


class JobQueue(Construct):
    """Deliveries of one runner's jobs, or of its wakes; the fifth that fails is put aside."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            visibility_timeout=Duration.seconds(6 * TAKING_SECONDS),
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            visibility_timeout=Duration.seconds(6 * EXECUTION_SECONDS),
            dead_letter_queue=sqs.DeadLetterQueue(
                max_receive_count=DELIVERIES, queue=self.dead_letters
            ),
        )

    def deliver_to(
        self, function: lambda_.IFunction, *, max_concurrency: float, at_once: int = 1
    ) -> None:
        """Hand the function a few messages at a time, to at most `max_concurrency` copies of it."""
        lambda_.EventSourceMapping(
            self,
            "Delivery",
            target=function,
            event_source_arn=self.queue.queue_arn,
            batch_size=at_once,
            report_batch_item_failures=True,
            max_concurrency=max_concurrency,
        )

    def give_dead_letters_to(self, function: lambda_.IFunction) -> None:
        """Hand the function what was put aside; what it does not take now comes again."""
        lambda_.EventSourceMapping(
            self,
            "PuttingAside",
            target=function,
            event_source_arn=self.dead_letters.queue_arn,
            batch_size=DEAD_LETTERS_AT_ONCE,
            report_batch_item_failures=True,
            max_concurrency=2,
        )
