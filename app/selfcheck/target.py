"""The address that opens the check, as an LMS stores it for a link."""

from urllib.parse import urlsplit

PATH = "/lti/check"


def leads_to_check(target_link_uri: str, own_url: str) -> bool:
    """Whether a link with this target is meant for the connection check of this installation."""
    try:
        target, own = urlsplit(target_link_uri), urlsplit(own_url + PATH)
    except ValueError:
        return False
    same_place = (target.scheme, target.netloc.lower()) == (own.scheme, own.netloc.lower())
    return same_place and target.path.rstrip("/") == own.path
