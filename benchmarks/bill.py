"""What a million jobs cost: everything that one asked of AWS, times the list prices."""

from collections import Counter
from collections.abc import Mapping

from benchmarks import prices
from benchmarks.capacity import read_units, write_units
from benchmarks.deployment import Deployment
from benchmarks.lives import JobLife
from benchmarks.log_lines import OF_LAMBDA, access_log_line, line_bytes
from benchmarks.prices import Charge
from benchmarks.recorder import Call
from benchmarks.row import Row
from benchmarks.warm import WarmTime

SYNC_DOLLARS = (6.50, 5.00)
ASYNC_DOLLARS = (8.50, 7.00)
"""Budget and aim."""

WAITING_MS: Mapping[str, float] = {"dynamodb": 5, "sqs": 10, "lambda": 10, "s3": 30}
"""How long a call takes beside the CPU; an invocation takes as long as the function, too."""

ENGINE_MS = 50
"""How long a call to any other service takes: to an engine, or to Step Functions."""

REQUESTS_A_MESSAGE = 3
"""Send, receive and delete."""

S3_WRITES = ("Put", "Copy", "List", "Create", "Upload", "Complete")
S3_READS = ("Get", "Head")
"""How operations begin; deleting is free."""

JOBS_TABLE = "jobs"

Bill = list[Charge]


def bill_rows(sync: Bill, asynchronous: Bill) -> list[Row]:
    """Tell what a million jobs of each kind cost."""
    return [
        _row("bill of a million sync jobs", sync, *SYNC_DOLLARS),
        _row("bill of a million async jobs", asynchronous, *ASYNC_DOLLARS),
    ]


def charges(life: JobLife, times: Mapping[str, WarmTime], deployment: Deployment) -> Bill:
    """Return the bill of one job.

    Args:
        life: what it took.
        times: what each handler takes of the CPU.
        deployment: memory, indexes and the form of the access log.
    """
    durations = _durations_ms(life, times, deployment)
    gb_seconds = sum(
        prices.gb_seconds(duration_ms=ms, memory_mb=deployment.memory_mb[function])
        for function, ms in durations.items()
    )
    written = _written(life, deployment)
    read = sum(_read_units(call) for call in life.calls if call.service == "dynamodb")
    runs = len(life.invocations)
    logged = line_bytes([access_log_line(deployment.access_log)]) + sum(
        line_bytes([*invocation.printed, *OF_LAMBDA]) for invocation in life.invocations
    )
    taken = " + ".join(f"{function} {ms} ms" for function, ms in durations.items())
    units = " + ".join(f"{name} {count}" for name, count in written.items())
    return [
        Charge("HTTP API requests", 1, prices.HTTP_API_REQUEST),
        Charge("Lambda requests", runs, prices.LAMBDA_REQUEST),
        Charge("Lambda GB-seconds, arm64", gb_seconds, prices.LAMBDA_ARM_GB_SECOND, taken),
        Charge("DynamoDB write units", written.total(), prices.DYNAMODB_WRITE_UNIT, units),
        Charge("DynamoDB read units", read, prices.DYNAMODB_READ_UNIT),
        Charge("SQS requests", life.messages * REQUESTS_A_MESSAGE, prices.SQS_REQUEST),
        Charge("S3 writes", _s3_calls(life, S3_WRITES), prices.S3_PUT),
        Charge("S3 reads", _s3_calls(life, S3_READS), prices.S3_GET),
        Charge("log bytes", logged, prices.LOG_BYTE),
    ]


def parts_of(bill: Bill) -> str:
    """Write what a bill is made of."""
    return ", ".join(
        f"{charge.what} {charge.amount:.4g}"
        f"{f' ({charge.detail})' if charge.detail else ''} = ${charge.dollars_per_million:.2f}"
        for charge in bill
        if charge.amount
    )


def _row(name: str, bill: Bill, budget: float, aim: float) -> Row:
    waits = ", ".join(f"{service} {ms:g} ms" for service, ms in WAITING_MS.items())
    return Row(
        name=name,
        value=prices.total(bill),
        unit="$ per million",
        budget=budget,
        how=(
            "calls counted over moto, sizes of the items written, list prices of us-east-1 without "
            f"free tiers: {parts_of(bill)}. A function takes its CPU time of the warm benchmark "
            f"times {prices.ONE_VCPU_MB}/512, since 512 MB buy that part of a processor, and "
            f"waits for each call ({waits}, an invocation as long as the function too). The "
            "catalog's revision is looked up for every job, which a busy container does every 4 s. "
            "The sweep's reads and writes are a thousandth of what it does for 1,000 jobs. The aim "
            f"is ${aim:.2f}"
        ),
    )


def _durations_ms(
    life: JobLife, times: Mapping[str, WarmTime], deployment: Deployment
) -> dict[str, int]:
    """Return how long each function is billed for; who invokes another waits for it."""
    found: dict[str, int] = {}
    last = 0
    for invocation, case in zip(life.invocations, life.warm_cases, strict=True):
        waiting = sum(WAITING_MS.get(call.service, ENGINE_MS) for call in invocation.calls)
        invoked = invocation.function == "submit" and any(
            call.name == "lambda.Invoke" for call in invocation.calls
        )
        last = prices.billed_ms(
            cpu_ms=times[case].handler_ms,
            waiting_ms=waiting + (last if invoked else 0),
            memory_mb=deployment.memory_mb[invocation.function],
        )
        found[invocation.function] = found.get(invocation.function, 0) + last
    return found


def _written(life: JobLife, deployment: Deployment) -> Counter[str]:
    """Return the write units of the table and of each index."""
    units: Counter[str] = Counter()
    for call in life.calls:
        if call.before is not None or call.after is not None:
            of_jobs = call.parameters["TableName"] == JOBS_TABLE
            indexes = deployment.indexes if of_jobs else ()
            units += write_units(call.before, call.after, indexes)
    return units


def _read_units(call: Call) -> float:
    """Return what a call is charged as a read.

    Raises:
        RuntimeError: a job's life has a call whose price nobody has thought of yet.
    """
    if call.operation in ("PutItem", "UpdateItem"):
        return 0
    if call.operation != "GetItem":
        raise RuntimeError(f"teach the bill what {call.name} costs")
    strongly = bool(call.parameters.get("ConsistentRead"))
    items = [call.answer["Item"]] if "Item" in call.answer else []
    return read_units(items, strongly=strongly, one_by_one=True)


def _s3_calls(life: JobLife, verbs: tuple[str, ...]) -> int:
    return sum(call.service == "s3" and call.operation.startswith(verbs) for call in life.calls)
