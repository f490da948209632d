"""Whose word a platform's configuration is: nobody speaks for another platform.

Anybody can serve a document that claims any issuer, with keys and addresses of any kind. Two
things must never follow from it. Nobody signs for the people of an issuer but that issuer: known
issuers have known addresses, every other one must be asked at its own. And nobody gets hold of
what we may do elsewhere: a token address or audience of another platform, beside a client id that
we bear there, would have us sign or fetch for the one what the other was to get.
"""

from collections.abc import Mapping

from lti_config.addresses import origin
from lti_config.errors import AddressRefused, RegistrationRefused
from lti_config.platforms import canvas

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")

ELSEWHERE = (
    "What your LMS says of itself does not fit the address that it was read from. "
    "Nothing was registered. The people who run this CourseLLM can add the LMS by hand."
)
HOSTED = (
    "This LMS uses the name of the Canvas that Instructure hosts. If it is your own Canvas, give "
    "it a name of its own (lti_iss in security.yml), then start again. Nothing was registered."
)


def check(issuer: str, found: Mapping[str, str]) -> None:
    """Hold the addresses against the issuer. Raises RegistrationRefused."""
    if issuer in canvas.HOSTED:
        wrong = [name for name, url in found.items() if not canvas.is_hosted(issuer, name, url)]
        sentence = HOSTED
    else:
        home = origin(issuer)
        wrong = [name for name, url in found.items() if origin(url) != home]
        sentence = ELSEWHERE
    if wrong:
        reason = f"openid configuration: {', '.join(wrong)} not {issuer[:200]!r}'s own"
        raise RegistrationRefused(400, sentence, reason)


def audience(issuer: str, authorization_server: object, product_family: str | None) -> str | None:
    """`aud` of our token requests, if it is not the token address. Raises RegistrationRefused."""
    if authorization_server is None or canvas.names_no_audience(issuer, product_family):
        return None
    try:
        if isinstance(authorization_server, str) and origin(authorization_server) == origin(issuer):
            return authorization_server
    except AddressRefused:
        pass
    reason = f"openid configuration: authorization_server not {issuer[:200]!r}'s own"
    raise RegistrationRefused(400, ELSEWHERE, reason)
