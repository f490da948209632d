"""Which addresses may be used at all."""

import ipaddress

import pytest

from lti_config.addresses import TrustedHosts, check_url, is_usable, origin
from lti_config.errors import AddressRefused

NOBODY = TrustedHosts()
CAMPUS = TrustedHosts(("lms.campus.edu", "127.0.0.1:8001", "10.1.0.0/16", "[::1]:9000"))


@pytest.mark.parametrize(
    "url",
    [
        "http://lms.example/jwks",
        "ftp://lms.example/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "//lms.example/",
        "https://",
        "https://user:secret@lms.example/",
        "https://good.example\\@evil.example/",
        "https://lms.example:0/",
        "https://lms.example:99999/",
        "https://lms .example/",
        "https://lms.example/a b",
        "https://lms.example/\n",
        "https://lms.example/" + "x" * 2000,
        "https://[::1/",
        "http://localhost:8001/",
        "http://127.0.0.1:8002/",
        "http://10.1.0.5/",
        "http://lms.campus.edu/",
        "",
    ],
)
def test_addresses_that_are_never_used(url: str):
    with pytest.raises(AddressRefused):
        check_url(url, CAMPUS)
    assert not is_usable(url, CAMPUS)


@pytest.mark.parametrize(
    "url",
    [
        "https://lms.example/jwks?a={b,c}&d=e",
        "https://lms.example:8443/x",
        "https://10.1.0.5/",
        "http://127.0.0.1:8001/jwks",
        "http://[::1]:9000/",
    ],
)
def test_addresses_that_may_be_asked(url: str):
    assert is_usable(url, CAMPUS)


@pytest.mark.parametrize("value", [None, 5, [], {"a": 1}])
def test_no_address_at_all(value: object):
    assert not is_usable(value, CAMPUS)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00:ec2::254",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
    ],
)
def test_private_networks_are_closed(address: str):
    assert not NOBODY.admits("lms.example", 443, ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:8.8.8.8"])
def test_the_internet_is_open(address: str):
    assert NOBODY.admits("lms.example", 443, ipaddress.ip_address(address))


def test_listed_hosts_and_blocks_are_open():
    private, other = ipaddress.ip_address("10.2.0.1"), ipaddress.ip_address("10.1.2.3")
    assert CAMPUS.admits("lms.campus.edu", 443, private)
    assert CAMPUS.admits("anything.example", 443, other)
    assert not CAMPUS.admits("other.campus.edu", 443, private)
    loopback = ipaddress.ip_address("127.0.0.1")
    assert CAMPUS.admits("127.0.0.1", 8001, loopback)
    assert not CAMPUS.admits("127.0.0.1", 8002, loopback)
    metadata = ipaddress.ip_address("169.254.169.254")
    assert not CAMPUS.admits("lms.campus.edu", 443, metadata)
    assert TrustedHosts(("169.254.0.0/16",)).admits("lms.campus.edu", 443, metadata)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://LMS.example:443/x?y", "https://lms.example"),
        ("http://localhost:8000/lti", "http://localhost:8000"),
        ("https://[2001:db8::1]:444/", "https://[2001:db8::1]:444"),
    ],
)
def test_origin(url: str, expected: str):
    assert origin(url) == expected
