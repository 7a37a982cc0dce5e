import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from heimdall_client._guard import objection_to, own_hosts

PORT = 9090
HOST = f"127.0.0.1:{PORT}"


def check(port: int = PORT, **headers: str) -> tuple[int, str] | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    objection = objection_to(Headers(named), port=port)
    return objection and (objection.status, objection.code)


@pytest.mark.parametrize("host", [HOST, "localhost:9090", "[::1]:9090", "LOCALHOST:9090"])
def test_own_hosts_may_pass(host):
    assert check(host=host) is None


@pytest.mark.parametrize(
    "host",
    [
        "",
        "127.0.0.1",
        "localhost",
        "127.0.0.1:9091",
        "evil.example:9090",
        "evil.example",
        "127.0.0.1.evil.example:9090",
        "localhost.evil.example:9090",
        "127.0.0.1:9090.evil.example",
        "user@127.0.0.1:9090",
        "127.1:9090",
        "0.0.0.0:9090",
        "192.168.0.1:9090",
        "localhost.:9090",
        "[::ffff:127.0.0.1]:9090",
    ],
)
def test_foreign_hosts_are_turned_away(host):
    assert check(host=host) == (421, "misdirected_request")


def test_request_without_a_host_is_turned_away():
    assert check() == (421, "misdirected_request")


def test_port_80_may_be_left_out():
    assert check(port=80, host="localhost") is None
    assert check(port=80, host="127.0.0.1:80") is None
    assert check(port=80, host="evil.example") == (421, "misdirected_request")


@pytest.mark.parametrize("host", [HOST, "localhost:9090"])
def test_own_pages_may_pass(host):
    assert check(host=host, origin=f"http://{host}", sec_fetch_site="same-origin") is None


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://evil.example:9090",
        "null",
        "",
        f"https://{HOST}",
        "http://127.0.0.1",
        "http://127.0.0.1:3000",
        "http://localhost:9090",
        f"http://{HOST}.evil.example",
        f"http://{HOST}/",
        f"http://evil@{HOST}",
        "chrome-extension://abcdef",
        "file://",
    ],
)
def test_foreign_origins_are_turned_away(origin):
    assert check(host=HOST, origin=origin) == (403, "forbidden")


@given(st.text(max_size=30))
def test_no_origin_but_the_own_passes(origin):
    objection = objection_to({"host": HOST, "origin": origin}, port=PORT)

    assert (objection is None) == (origin == f"http://{HOST}")


@given(st.text(max_size=30))
def test_no_host_but_the_own_passes(host):
    objection = objection_to({"host": host}, port=PORT)

    assert (objection is None) == (host.lower() in own_hosts(PORT))


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "anything"])
def test_fetches_of_other_sites_are_turned_away_even_without_an_origin(site):
    assert check(host=HOST, sec_fetch_site=site) == (403, "forbidden")


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_typed_addresses_and_own_fetches_may_pass(site):
    assert check(host=HOST, sec_fetch_site=site) is None
