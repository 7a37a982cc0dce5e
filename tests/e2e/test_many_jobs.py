from collections import Counter
from pathlib import Path

from local.environment import Environment
from tests.e2e.api import Api, shell_body, wait_for
from tests.e2e.queues import deliver_again, deliveries

JOBS = 200
DUPLICATED = slice(None, None, 10)
WRITES_ITS_NAME = 'echo "$0" >> "$1"'


def test_200_jobs_run_exactly_once_though_some_are_delivered_twice(
    api: Api, environment: Environment, tmp_path: Path
):
    witness = tmp_path / "runs"
    names = [f"job-{number}" for number in range(JOBS)]
    bodies = [shell_body("sh", "-c", WRITES_ITS_NAME, name, str(witness)) for name in names]

    job_ids = api.submit_all(bodies)
    deliver_again(environment, job_ids[DUPLICATED])

    assert api.wait_for_all(job_ids, seconds=150) == {"SUCCEEDED": JOBS}
    wait_for(
        lambda: not set(deliveries(environment)) & set(job_ids),
        seconds=30,
        what="the duplicates to be taken from the queue",
    )
    assert Counter(witness.read_text().split()) == Counter(names)
