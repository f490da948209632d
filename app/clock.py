"""Moments as a course's people read them: in the course's time zone, no more exact than needed."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone_of(name: str) -> tzinfo:
    """The time zone of an IANA name; UTC for a name that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def said(moment: datetime, zone: tzinfo, now: datetime) -> str:
    """ "14:02" for a moment of today, "21 November, 14:02" else; with the year if it is another."""
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    time = f"{local:%H:%M}"
    if local.date() == today:
        return time
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local.day} {local:%B}{year}, {time}"


def dated(moment: datetime, zone: tzinfo, now: datetime) -> str:
    """The same with a word for the day: "today, 14:02"."""
    words = said(moment, zone, now)
    return words if "," in words else f"today, {words}"
