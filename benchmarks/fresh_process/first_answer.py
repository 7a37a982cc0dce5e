"""Started in a fresh process: CPU time from a handler's import to its first answer.

python first_answer.py MODULE OBJECTS <EVENT.json

When the garbage collector runs is an accident of how many objects there are, and worth a tenth of
the time: the caller has OBJECTS made, another number in each round, so that it averages out.
"""

import json  # Lambda's own start has it loaded before any handler
import sys
import time
from types import SimpleNamespace

event = json.load(sys.stdin)
context = SimpleNamespace(
    function_name="function",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:function",
    aws_request_id="request-1",
    get_remaining_time_in_millis=lambda: 29_000,
)
stdout, sys.stdout = sys.stdout, sys.stderr
objects: list[list[None]] = [[] for _ in range(int(sys.argv[2]))]

before = time.process_time_ns()
module = __import__(sys.argv[1], fromlist=["lambda_handler"])
answer = module.lambda_handler(event, context)
taken_ns = time.process_time_ns() - before

if answer["statusCode"] != 200:
    sys.exit(f"{sys.argv[1]} refused what is to be measured: {answer}")
stdout.write(f"{taken_ns}\n")
stdout.flush()
