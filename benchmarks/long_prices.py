"""What a million jobs cost whose work goes on at an engine: our part and Step Functions'."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmarks import prices
from benchmarks.bill import ENGINE_MS, Bill, charges, parts_of
from benchmarks.capacity import Index, Item, read_units, write_units
from benchmarks.deployment import Deployment
from benchmarks.long_jobs import HOUR, LongLife
from benchmarks.prices import Charge
from benchmarks.recorder import Call
from benchmarks.row import Row
from benchmarks.warm import WarmTime

MOST_TRANSITIONS = 6


@dataclass(frozen=True, slots=True)
class LongPrice:
    """The price of one job.

    Attributes:
        ours: what the gateway's own resources charge.
        transitions: what Step Functions charges.
    """

    life: LongLife
    ours: Bill
    transitions: Charge

    @property
    def name(self) -> str:
        """The job in the tables."""
        duration = "an hour" if self.life.minutes == 60 else "a minute"
        return f"{duration} at {self.life.plugin}"

    @property
    def ours_dollars(self) -> float:
        """Our part of a million jobs."""
        return prices.total(self.ours)

    @property
    def dollars(self) -> float:
        """What a million jobs cost in all, the engine's own price apart."""
        return self.ours_dollars + self.transitions.dollars_per_million


def long_prices(
    lives: Iterable[LongLife],
    times: Mapping[str, WarmTime],
    deployment: Deployment,
    looks: Bill,
) -> list[LongPrice]:
    """Work out what jobs cost.

    Args:
        lives: what they took.
        times: what each handler takes of the CPU.
        deployment: memory, indexes and the form of the access log.
        looks: the sweep's share of every job, open or not.
    """
    return [
        LongPrice(
            life,
            [
                *charges(life.job, times, deployment),
                *looks,
                *marker_charges(life.swept, life.job_id, deployment.indexes),
            ],
            Charge("Step Functions transitions", life.transitions, prices.STATE_TRANSITION),
        )
        for life in lives
    ]


def marker_charges(swept: Iterable[Call], job_id: str, indexes: Iterable[Index]) -> Bill:
    """Return what the sweep's care for one open job is charged: its marker, and reading the job.

    Args:
        swept: the sweep's calls.
        job_id: the job's; what concerns other jobs is left out.
        indexes: those of the table.
    """
    indexes = tuple(indexes)
    read, written = 0.0, 0
    for call in swept:
        if call.operation == "BatchGetItem":
            read += _units_read(call, job_id)
        elif call.operation == "BatchWriteItem":
            (asked,) = call.parameters["RequestItems"].values()
            items = [_written(request) for request in asked]
            written += sum(
                write_units(None, item, indexes).total() for item in items if _is_of(item, job_id)
            )
    return [
        Charge("DynamoDB read units, sweep of open jobs", read, prices.DYNAMODB_READ_UNIT),
        Charge("DynamoDB write units, sweep of open jobs", written, prices.DYNAMODB_WRITE_UNIT),
    ]


def long_rows(found: Iterable[LongPrice]) -> list[Row]:
    """Tell the prices, and how many transitions the longest job makes."""
    rows = []
    for price in found:
        rows.append(_price_row(price))
        if price.life.minutes == 60:
            rows.append(_transitions_row(price.life))
    return rows


def _price_row(price: LongPrice) -> Row:
    life = price.life
    return Row(
        name=f"price of a million jobs of {price.name}",
        value=price.dollars,
        unit="$ per million",
        how=(
            f"ours ${price.ours_dollars:.2f} + Step Functions "
            f"${price.transitions.dollars_per_million:.2f} ({life.transitions} transitions at "
            "$0.025 per 1,000); the engine's own price is not in it. A whole life over moto with "
            f"the real state machine, in stepped time, {life.wakes} wakes, each an invocation of "
            "its own, which is the most that they can be: ten share one where many jobs run. "
            f"Ours: {parts_of(price.ours)}. Every invocation takes the CPU time of 'execute a "
            "delivered noop' in the warm benchmark, the submission its own; calls to the engine "
            f"and to Step Functions wait for {ENGINE_MS} ms each"
        ),
    )


def _transitions_row(life: LongLife) -> Row:
    return Row(
        name=f"transitions of a job of an hour at {HOUR}",
        value=life.transitions,
        unit="transitions",
        budget=MOST_TRANSITIONS,
        digits=0,
        how=(
            "states that the interpreter of the deployed definition enters, and its retries, "
            f"in an hour with {life.wakes} wakes, which are no transitions"
        ),
    )


def _units_read(call: Call, job_id: str) -> float:
    (asked,) = call.parameters["RequestItems"].values()
    answered = (item for items in call.answer["Responses"].values() for item in items)
    found = [item for item in answered if _is_of(item, job_id)]
    strongly = bool(asked.get("ConsistentRead"))
    return read_units(found, strongly=strongly, one_by_one=True) if found else 0


def _written(request: Mapping[str, Mapping[str, Item]]) -> Item:
    ((_, given),) = request.items()
    return given.get("Item") or given["Key"]


def _is_of(item: Item, job_id: str) -> bool:
    return any(job_id in value for name in ("pk", "sk") for value in item[name].values())
