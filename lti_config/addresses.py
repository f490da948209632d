"""Which addresses of a platform may be used: https, and no private network unless it is listed.

The list is COURSELLM_TRUSTED_PRIVATE_HOSTS: hosts, host:port, or blocks of addresses. A listed
host of the loopback may be reached by plain http, nothing else.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import SplitResult, urlencode, urlsplit, urlunsplit

from lti_config.errors import AddressRefused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LONGEST = 2000
_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True)
class TrustedHosts:
    """The private hosts and networks that the operator lists."""

    entries: tuple[str, ...] = field(default=())

    @cached_property
    def _networks(self) -> tuple[Network, ...]:
        return tuple(net for entry in self.entries if (net := _as_network(entry)))

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(entry.lower() for entry in self.entries if not _as_network(entry))

    def lists_host(self, host: str, port: int) -> bool:
        """Whether this name (or literal address) stands in the list, with or without its port."""
        bracketed = f"[{host}]" if ":" in host else host
        literal = as_address(host)
        if not self._names.isdisjoint({host, bracketed, f"{bracketed}:{port}"}):
            return True
        return literal is not None and self.lists_address(literal)

    def lists_address(self, address: Address) -> bool:
        return any(address in network for network in self._networks)

    def admits(self, host: str, port: int, address: Address) -> bool:
        """Whether a connection to this host may go to this address."""
        inner = _embedded(address)
        if inner.is_global and not inner.is_multicast:
            return True
        if self.lists_address(inner):
            return True
        # Cloud metadata lives on link-local addresses: a name that points there is never enough.
        return self.lists_host(host, port) and not (inner.is_link_local and not as_address(host))


def check_url(url: str, trusted: TrustedHosts) -> SplitResult:
    """Split an address that may be used.

    Raises AddressRefused for anything but https, or http to a listed loopback host.
    """
    parts = _split(url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        return parts
    is_loopback = host == "localhost" or bool((literal := as_address(host)) and literal.is_loopback)
    if parts.scheme == "http" and is_loopback and trusted.lists_host(host, port_of(parts)):
        return parts
    raise AddressRefused(f"{url[:200]!r} is neither https nor a listed loopback host")


def is_usable(url: object, trusted: TrustedHosts) -> bool:
    """Whether this is an address that `check_url` accepts."""
    if not isinstance(url, str):
        return False
    try:
        check_url(url, trusted)
    except AddressRefused:
        return False
    return True


def origin(url: str) -> str:
    """Scheme, host and port of an address, lower case, default port left out."""
    parts = _split(url)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    port = port_of(parts)
    return f"{parts.scheme}://{shown}" + ("" if port == _PORTS[parts.scheme] else f":{port}")


def same_origin(url: str, start: str) -> bool:
    """Whether an address that a platform named is on the host of an earlier one: our token goes
    there and to nobody else."""
    try:
        return origin(url) == origin(start)
    except AddressRefused:
        return False


def below(url: str, path: str = "", query: Mapping[str, str] | None = None) -> str:
    """An address under another, or with more of a query: a path goes before the query that is
    there already (Moodle's has one)."""
    parts = urlsplit(url)
    whole = f"{parts.path.rstrip('/')}/{path}" if path else parts.path
    asked = "&".join(part for part in (parts.query, urlencode(query or {})) if part)
    return urlunsplit(parts._replace(path=whole, query=asked))


def port_of(parts: SplitResult) -> int:
    """The port that an address means."""
    return parts.port or _PORTS[parts.scheme]


def as_address(host: str) -> Address | None:
    """The literal address that a host is, if it is one."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused(f"not an address: {url[:200]!r}") from error
    sound = (
        len(url) <= LONGEST
        and url.isprintable()
        and " " not in url
        and parts.scheme in _PORTS
        and "@" not in parts.netloc
        and _HOST.fullmatch(parts.hostname or "")
        and port != 0
    )
    if not sound:
        raise AddressRefused(f"not an address of the web: {url[:200]!r}")
    return parts


def _as_network(entry: str) -> Network | None:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return None


def _embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
