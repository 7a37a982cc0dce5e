"""What the audit trail calls a request."""

import pytest

from heimdall.http.refusals import action_of


@pytest.mark.parametrize(
    ("method", "path", "action", "target"),
    [
        ("POST", "/api/v1/job", "job.submit", ""),
        ("POST", "/api/v1/job/1/cancel", "job.cancel", "job/1"),
        ("GET", "/api/v1/job/1", "job.read", "job/1"),
        ("GET", "/api/v1/job/1/stdout", "job.read", "job/1"),
        ("GET", "/api/v1/jobs", "jobs.read", ""),
        ("GET", "/api/v1/audit", "audit.read", ""),
        ("PUT", "/api/v1/command/a b", "command.put", "command/a b"),
        ("PUT", "/api/v1/command/x/status", "command.status", "command/x"),
        ("POST", "/api/v1/binding/x/rollback", "binding.rollback", "binding/x"),
        ("GET", "/api/v1/policies", "policies.read", ""),
        ("PUT", "/api/v1/policy/x", "policy.put", "policy/x"),
        ("DELETE", "/api/v1/binding/x", "binding.delete", "binding/x"),
    ],
)
def test_request_is_called_by_a_noun_and_a_verb(method, path, action, target):
    assert action_of(method, path) == (action, target)
