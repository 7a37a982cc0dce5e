"""Where http goes, and where nothing makes it go."""

import ipaddress

import pytest
from pydantic import ValidationError

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.spec import RunState
from heimdall.plugin.watch import Watch
from heimdall.plugins.http.address import checked_addresses, is_allowed
from heimdall.plugins.http.options import OPTIONS
from heimdall.plugins.http.plugin import HttpPlugin
from heimdall.plugins.http.target import target_of
from tests.fakes.runs import FakeStopSignal, make_run_request
from tests.unit.plugins.http.api import Api, Reply, call, make_call, served

PRIVATE = [
    *("127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "169.254.170.2", "100.64.0.1", "100.127.255.254", "0.0.0.0", "0.1.2.3"),
    *("224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1"),
    *("::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "fec0::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a00:1::"),
]
NEVER = [
    *(
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "fe80::1",
        "2002:a9fe:a9fe::",
    ),
    *("0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255"),
]
PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]


@pytest.fixture
def api():
    with served(Api()) as made:
        yield made


@pytest.mark.parametrize("address", PRIVATE)
def test_address_that_is_not_public_is_refused(address):
    assert not is_allowed(ipaddress.ip_address(address), allow_private=False)


@pytest.mark.parametrize("address", NEVER)
def test_address_of_a_link_or_of_many_is_refused_even_in_private_networks(address):
    assert not is_allowed(ipaddress.ip_address(address), allow_private=True)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_is_taken(address):
    assert is_allowed(ipaddress.ip_address(address), allow_private=False)


def resolved(addresses, **changes):
    return checked_addresses(
        "api.example.com",
        443,
        **{
            "allow_private": False,
            "watch": Watch(FakeStopSignal(), 10),
            "resolve": lambda host, port: addresses,
            **changes,
        },
    )


def test_host_with_one_private_address_among_others_is_refused():
    with pytest.raises(PluginError, match=r"10\.0\.0\.1, which is not public"):
        resolved(["93.184.216.34", "10.0.0.1"])


def test_host_without_addresses_is_refused():
    with pytest.raises(PluginError, match="no address"):
        resolved([])


def test_zone_of_an_address_changes_nothing():
    with pytest.raises(PluginError, match="not public"):
        resolved(["fe80::1%eth0"])


def test_host_that_cannot_be_found_is_the_users_error():
    def resolve(host, port):
        raise UnicodeError("label too long")

    with pytest.raises(PluginError, match="cannot be found") as raised:
        resolved([], resolve=resolve)
    assert raised.value.failure is Failure.USER_ERROR


def test_machine_itself_is_not_called_unless_it_is_said(api):
    with pytest.raises(PluginError, match=r"127\.0\.0\.1, which is not public"):
        call(api, {"path": "/x"}, cluster={"allow_private": False})
    assert api.asked == []


def test_address_that_was_checked_is_the_one_that_is_called(api):
    """A second answer of the name's server, another than the first, reaches nobody."""
    api.replies["/x"] = Reply([1])
    answers = [["127.0.0.1"], ["192.0.2.1"]]
    asked = []

    def resolve(host, port):
        asked.append(host)
        return answers.pop(0)

    host = f"api.example.test:{api.port}"
    run = make_call(
        api, {"path": "/x"}, cluster={"allowed_hosts": [host], "base_url": f"http://{host}"}
    )
    report = HttpPlugin(resolve).start(run)

    assert report.state is RunState.SUCCEEDED
    assert asked == ["api.example.test"]
    assert api.asked[0].headers["host"] == host


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://api.example.com/x", "api.example.com"),
        ("https://API.example.com./x", "api.example.com"),
        ("https://a.example.com", "*.example.com"),
        ("https://a.b.example.com:443", "*.example.com"),
        ("http://api.example.com:8080", "api.example.com:8080"),
        ("http://[::1]:8080/", "[::1]:8080"),
        ("https://[2606:4700::1111]/", "[2606:4700::1111]"),
    ],
)
def test_allowed_host_is_taken(url, allowed):
    assert target_of(url, [allowed]).host


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/",
        "https://evilexample.com/",
        "https://example.com.evil.test/",
        "https://evil.test/.example.com",
        "https://evil.test#.example.com",
        "https://evil.test?.example.com",
        "https://evil.test\\.example.com",
        "https://a.example.com@evil.test/",
        "https://user:pass@a.example.com/",
        "https://a.example.com:8443/",
        "https://.example.com/",
        "https://a.example.com:0/",
        "https://a.example.com:99999/",
        "https://a.example.com:x/",
        "ftp://a.example.com/",
        "file:///etc/passwd",
        "gopher://a.example.com/",
        "//a.example.com/",
        "https:///x",
        "https://a.exämple.com/",
        "https://a.example.com/\r\nX: y",
        "https://a.example.com/ x",
        "https://2130706433/",
        "https://0x7f.1/",
        "",
    ],
)
def test_any_other_url_is_refused(url):
    with pytest.raises(ValueError, match=r"\w"):
        target_of(url, ["*.example.com"])


@pytest.mark.parametrize(
    "path", ["/../admin", "/a/../../admin", "/%2e%2e/admin", "/%252e%252e/x", "/..\\x", "/."]
)
def test_path_does_not_leave_the_base_url(path):
    base = target_of("https://a.example.com/v1", ["a.example.com"])

    with pytest.raises(ValueError, match="parts"):
        base.below(path)


def test_path_that_looks_like_a_host_is_a_path():
    base = target_of("https://a.example.com/v1", ["a.example.com"])

    assert base.below("//evil.test/x").path == "/v1//evil.test/x"
    assert base.below("/@evil.test\r\n x?q=\r\n").path == "/v1/@evil.test%0D%0A%20x?q=%0D%0A"


def redirects(api, target, status=302):
    api.replies["/x"] = Reply(b"", status=status, headers={"Location": target})


def test_redirect_is_not_followed_unless_it_is_said(api):
    redirects(api, "/y")

    with pytest.raises(PluginError, match="follow_redirects"):
        call(api, {"path": "/x"})
    assert len(api.asked) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_followed_if_it_is_said(api, status):
    redirects(api, "/y?z=1", status)
    api.replies["/y"] = Reply([1])

    report = call(api, {"path": "/x"}, command={"follow_redirects": True})

    assert report.state is RunState.SUCCEEDED
    assert api.asked[1].path == "/y?z=1"


@pytest.mark.parametrize(
    "place",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://localhost:9001/",
        "//evil.test/",
        "https://evil.test/",
        "file:///etc/passwd",
        "ftp://evil.test/",
    ],
)
def test_redirect_to_elsewhere_is_refused(api, place):
    redirects(api, place)

    with pytest.raises(PluginError, match="redirect is not followed"):
        call(api, {"path": "/x"}, command={"follow_redirects": True})


def test_redirect_to_an_allowed_name_with_a_private_address_is_refused(api):
    """A name that is allowed, and whose address is not."""
    redirects(api, f"http://inner.example.test:{api.port}/y")
    addresses = {"127.0.0.1": ["127.0.0.1"], "inner.example.test": ["169.254.169.254"]}
    run = make_call(
        api,
        {"path": "/x"},
        command={"follow_redirects": True},
        cluster={"allowed_hosts": [api.host, f"*.example.test:{api.port}"]},
    )

    with pytest.raises(PluginError, match=r"169\.254\.169\.254, which is not public"):
        HttpPlugin(lambda host, port: addresses[host]).start(run)


def test_redirects_have_an_end(api):
    redirects(api, "/x")

    with pytest.raises(PluginError, match="more than 5 redirects"):
        call(api, {"path": "/x"}, command={"follow_redirects": True})
    assert len(api.asked) == 6


def test_redirect_makes_a_get_of_a_post_if_that_is_allowed(api):
    redirects(api, "/y")
    api.replies["/y"] = Reply([1])
    job = {"method": "POST", "path": "/x", "body": "secret"}

    call(api, job, command={"methods": ["POST", "GET"], "follow_redirects": True})
    assert [(asked.method, asked.body) for asked in api.asked] == [
        ("POST", b"secret"),
        ("GET", b""),
    ]
    with pytest.raises(PluginError, match="makes a GET of a POST"):
        call(api, job, command={"methods": ["POST"], "follow_redirects": True})


def test_headers_of_the_cluster_go_to_no_other_origin(api):
    with served(Api()) as other:
        redirects(api, f"http://{other.host}/y")
        other.replies["/y"] = Reply([1])
        call(
            api,
            {"path": "/x", "headers": {"Cookie": "job", "X-Trace": "7"}},
            command={"follow_redirects": True},
            cluster={
                "allowed_hosts": [api.host, other.host],
                "headers": {"X-Team": "data"},
                "secret_headers": {"Authorization": "ssm:/heimdall/token"},
            },
            secrets={"ssm:/heimdall/token": "Bearer canary-7d2"},
        )

    [first], [second] = api.asked, other.asked
    assert (first.headers["authorization"], first.headers["x-team"]) == (
        "Bearer canary-7d2",
        "data",
    )
    assert not {"authorization", "x-team", "cookie"} & set(second.headers)
    assert second.headers["x-trace"] == "7"


@pytest.mark.parametrize(
    "job",
    [
        {"path": "/x", "headers": {"Host": "evil.test"}},
        {"path": "/x", "headers": {"transfer-encoding": "chunked"}},
        {"path": "/x", "headers": {"Connection": "upgrade"}},
        {"path": "/x", "headers": {"X": "a\r\nHost: evil.test"}},
        {"path": "/x", "headers": {"X y": "a"}},
        {"path": "/x", "url": "https://api.example.com"},
        {"path": "x"},
        {"path": "/x", "method": "CONNECT"},
        {"path": "/x", "method": "GET", "body": "x"},
        {"path": "/x", "method": "POST", "body": "x", "json": 1},
    ],
)
def test_job_that_is_wrong_in_itself_is_refused(job):
    with pytest.raises(ValidationError):
        OPTIONS.job.model_validate(job)


@pytest.mark.parametrize(
    ("job", "said"),
    [
        ({"path": "/x", "headers": {"authorization": "mine"}}, "set by the cluster"),
        ({"path": "/x", "method": "DELETE"}, "method DELETE is not allowed"),
        ({"url": "https://evil.test/"}, "none of the hosts"),
    ],
)
def test_job_that_does_not_fit_its_pair_is_refused(job, said):
    cluster = {
        "allowed_hosts": ["api.example.com"],
        "base_url": "https://api.example.com/v1",
        "secret_headers": {"Authorization": "ssm:/heimdall/token"},
    }
    run = make_run_request("http", context=job, cluster_context=cluster)

    with pytest.raises(ValueError, match=said):
        OPTIONS.check(run.options, run.command_options, run.cluster_options)
    with pytest.raises(PluginError, match=said):
        HttpPlugin().start(run)


@pytest.mark.parametrize(
    "cluster",
    [
        {},
        {"allowed_hosts": []},
        {"allowed_hosts": ["*"]},
        {"allowed_hosts": ["*.*.com"]},
        {"allowed_hosts": ["https://api.example.com"]},
        {"allowed_hosts": ["a.test"], "base_url": "https://b.test"},
        {"allowed_hosts": ["a.test"], "headers": {"Host": "b.test"}},
        {
            "allowed_hosts": ["a.test"],
            "headers": {"A": "x"},
            "secret_headers": {"a": "ssm:/heimdall/t"},
        },
        {"allowed_hosts": ["a.test"], "secret_headers": {"a": "plain text"}},
        {"allowed_hosts": ["a.test"], "health_path": "/health"},
        {"allowed_hosts": ["a.test"], "ca_certificates": "x"},
    ],
)
def test_cluster_that_is_wrong_in_itself_is_refused(cluster):
    with pytest.raises(ValidationError):
        OPTIONS.cluster.model_validate(cluster)
