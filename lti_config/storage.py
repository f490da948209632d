"""Platform storage: the LMS keeps our secret where the browser does not (lti-pm-s v0p1).

The platform names a frame in the login and in the launch; the page speaks to it by postMessage,
with the origin of the authentication endpoint and no other.
"""

from dataclasses import dataclass

from lti_config import texts
from lti_config.addresses import origin

PARAMETER = "lti_storage_target"


@dataclass(frozen=True)
class PlatformStorage:
    """Where the page may put the secret: frames by name, at one origin."""

    origin: str
    targets: tuple[str, ...]


def target(given: str | None) -> str | None:
    """The name of a frame as it came, if it can be one; it is unsigned and decides nothing."""
    return given if given and texts.is_identifier(given) else None


def offered(auth_url: str, *given: str | None) -> PlatformStorage | None:
    """The storage of a platform that offers one: its presence in a message is the only sign."""
    targets = tuple(dict.fromkeys(name for one in given if (name := target(one))))
    return PlatformStorage(origin(auth_url), targets) if targets else None
