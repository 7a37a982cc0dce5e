"""The contract of every route, by the name of the function that answers it."""

from collections.abc import Mapping

from openapi.catalog_contracts import CATALOG_CONTRACTS
from openapi.contract import Contract
from openapi.job_contracts import JOB_CONTRACTS
from openapi.other_contracts import OTHER_CONTRACTS

CONTRACTS: Mapping[str, Contract] = {**JOB_CONTRACTS, **CATALOG_CONTRACTS, **OTHER_CONTRACTS}
