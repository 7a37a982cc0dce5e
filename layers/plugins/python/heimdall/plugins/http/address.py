"""Finds the address that a host has, and refuses those that nobody outside should reach."""

import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import Thread

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.watch import Watch

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
"""Gives the addresses of a host. Raises OSError."""

_PAUSE_SECONDS = 0.05
_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
"""Addresses of IPv6 behind which are those of IPv4."""


def system_addresses(host: str, port: int) -> list[str]:
    """Ask the system for the addresses of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]


def checked_addresses(
    host: str, port: int, *, allow_private: bool, watch: Watch, resolve: Resolve
) -> list[str]:
    """Return the addresses to connect to. They are not asked for again: they could change.

    Raises:
        PluginError: the host has an address that is not allowed, or none.
        EndedError: the run has to end.
    """
    addresses = [ip_address(each.partition("%")[0]) for each in _asked(host, port, watch, resolve)]
    for address in addresses:
        if not is_allowed(address, allow_private=allow_private):
            raise PluginError(
                f"{host} has the address {address}, which is not public: "
                "the cluster would have to say allow_private",
                failure=Failure.USER_ERROR,
            )
    if not addresses:
        raise PluginError(f"{host} has no address", failure=Failure.USER_ERROR)
    return [str(address) for address in addresses]


def is_allowed(address: Address, *, allow_private: bool) -> bool:
    """Tell whether an address may be called; those of a link never may, as the metadata's."""
    seen = _behind(address)
    if seen.is_link_local or seen.is_multicast or seen.is_unspecified or _is_reserved(seen):
        return False
    return allow_private or (seen.is_global and not seen.is_private and not seen.is_loopback)


def _is_reserved(address: Address) -> bool:
    """Tell whether an address is of no use: of no network yet, or of one that is no more."""
    is_old = isinstance(address, IPv6Address) and address.is_site_local
    return is_old or (address.is_reserved and not address.is_loopback)


def _behind(address: Address) -> Address:
    """Return the address of IPv4 that is meant by one of IPv6, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in network for network in _TRANSLATED) or int(address) >> 32 == 0:
        return address if address.is_loopback else IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _asked(host: str, port: int, watch: Watch, resolve: Resolve) -> Sequence[str]:
    """Ask in a thread that can be left behind: the question itself cannot be interrupted."""
    answer: Future[Sequence[str]] = Future()

    def ask() -> None:
        try:
            answer.set_result(resolve(host, port))
        except (OSError, UnicodeError) as error:
            answer.set_exception(error)

    Thread(target=ask, daemon=True).start()
    while not _is_done(answer):
        watch.heed()
    try:
        return answer.result()
    except socket.gaierror as error:
        kind = TransientPluginError if error.errno == socket.EAI_AGAIN else PluginError
        failure = Failure.ENGINE_FAULT if error.errno == socket.EAI_AGAIN else Failure.USER_ERROR
        raise kind(f"the host {host} cannot be found: {error.strerror}", failure=failure) from error
    except (OSError, UnicodeError) as error:
        raise PluginError(f"the host {host} cannot be found", failure=Failure.USER_ERROR) from error


def _is_done(answer: Future[Sequence[str]]) -> bool:
    try:
        answer.exception(_PAUSE_SECONDS)
    except TimeoutError:
        return False
    return True
