"""How often: by this worker alone, and whose request it is."""

import pytest

from app import limits


def test_a_new_window_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 0.0
    monkeypatch.setattr(limits.time, "monotonic", lambda: moment)
    burst = limits.Burst(most=2, seconds=60)
    assert [burst.take("a") for _ in range(3)] == [True, True, False]
    assert burst.take("b")
    moment = 61.0
    assert burst.take("a")


@pytest.mark.parametrize(
    ("peer", "forwarded", "counts_as"),
    [
        ("198.51.100.7", "", "198.51.100.7"),
        ("8.8.8.8", "9.9.9.9", "8.8.8.8"),  # whoever comes directly says of others what they like
        ("127.0.0.1", "9.9.9.9", "9.9.9.9"),
        ("10.0.0.2", "no address", "10.0.0.2"),
        ("2a00:1450:4001:82a::200e", "", "2a00:1450:4001:82a::/64"),
        ("", "", ""),
    ],
)
def test_whose_request_it_is(peer: str, forwarded: str, counts_as: str) -> None:
    assert limits.network_of(peer, forwarded) == counts_as
