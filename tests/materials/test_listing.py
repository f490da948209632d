"""When a material opens, in words."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from app.clock import zone_of
from app.materials.listing import opening
from models import CourseMaterial


@pytest.mark.parametrize(
    ("zone", "hour", "words"),
    [
        ("America/New_York", 8, "Friday 5 March, 08:00 America/New York"),
        ("UTC", 8, "Friday 5 March, 08:00 UTC"),
        ("Europe/Madrid", 0, "Friday 5 March"),
    ],
)
def test_an_hour_is_told_with_its_time_zone(zone: str, hour: int, words: str) -> None:
    at = datetime(2027, 3, 5, hour, tzinfo=ZoneInfo(zone))
    moment = datetime(2027, 2, 1, tzinfo=ZoneInfo(zone))
    material = CourseMaterial(is_public=True, release_at=at)
    assert opening(material, zone_of(zone), moment) == words
