"""TLS: certificates are checked for the name, with the authorities that are trusted."""

import datetime as dt
import ipaddress
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.spec import RunState
from heimdall.plugins.http.plugin import HttpPlugin
from tests.unit.plugins.http.api import Api, Reply, make_call, served

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
LONG = dt.timedelta(days=36_500)


class Authority:
    """Signs certificates of servers."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        self.certificate = self.signed(
            self.name, self.key, x509.BasicConstraints(ca=True, path_length=0)
        )
        self.pem = self.certificate.public_bytes(Encoding.PEM).decode()

    def signed(self, name, key, *extensions, ends=NOW + LONG):
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - dt.timedelta(days=9_000))
            .not_valid_after(ends)
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def context(self, directory, *names, **changes):
        """Return what a server speaks TLS with that has one of these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
        certificate = self.signed(subject, key, x509.SubjectAlternativeName(names), **changes)
        file = directory / "server.pem"
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture
def secured(authority, tmp_path):
    """Serve over TLS, with a certificate for some names; call it by the name api.example.test."""

    def call(*names, cluster=None, by=None, **changes):
        api = Api()
        api.replies["/x"] = Reply([1])
        context = (by or authority).context(tmp_path, *names, **changes)
        api.server.socket = context.wrap_socket(
            api.server.socket, server_side=True, do_handshake_on_connect=False
        )
        host = f"api.example.test:{api.port}"
        fields = {
            "allowed_hosts": [host],
            "base_url": f"https://{host}",
            "ca_certificates": authority.pem,
            **(cluster or {}),
        }
        with served(api):
            run = make_call(api, {"path": "/x"}, cluster=fields)
            return HttpPlugin(lambda host, port: ["127.0.0.1"]).start(run)

    return call


NAME = x509.DNSName("api.example.test")


def test_certificate_for_the_name_by_a_trusted_authority_is_taken(secured):
    assert secured(NAME).state is RunState.SUCCEEDED


@pytest.mark.parametrize(
    ("names", "changes", "said"),
    [
        ([x509.DNSName("other.example.test")], {}, "not valid for 'api.example.test'"),
        (
            [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))],
            {},
            "mismatch",
        ),
        ([NAME], {"ends": NOW - dt.timedelta(days=1)}, "expired"),
        ([NAME], {"by": Authority()}, "unable to get|self.signed|certificate signature failure"),
        ([NAME], {"cluster": {"ca_certificates": None}}, "unable to get|self.signed"),
    ],
)
def test_any_other_certificate_is_refused(secured, names, changes, said):
    with pytest.raises(PluginError, match=said) as raised:
        secured(*names, **changes)

    assert "is not to be trusted" in str(raised.value)
    assert raised.value.failure is Failure.USER_ERROR
    assert not isinstance(raised.value, TransientPluginError)


def test_authority_that_is_none_is_told(secured):
    pem = "-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----"

    with pytest.raises(PluginError, match="ca_certificates cannot be read"):
        secured(NAME, cluster={"ca_certificates": pem})


def test_server_that_does_not_speak_tls_is_told():
    with served(Api()) as api:
        run = make_call(api, {"path": "/x"}, cluster={"base_url": f"https://{api.host}"})

        with pytest.raises(TransientPluginError, match="does not speak TLS"):
            HttpPlugin().start(run)
