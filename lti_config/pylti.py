"""PyLTI1p3 behind a thin adapter: the only module that imports it.

Used: decoding a message, finding the key and checking the signature, whether registration and
deployment fit, its message validators, its check of a login, its deep linking response, its JWKs.
Replaced, each with the reason beside it: what it stores, fetches or takes on trust. Our strict
checks stand above it in `verification` and `message`; they run first, so nothing of the library
ever sees a claim of the wrong type.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from pylti1p3.deep_link import DeepLink
from pylti1p3.deep_link_resource import DeepLinkResource
from pylti1p3.deployment import Deployment
from pylti1p3.exception import LtiException, OIDCException
from pylti1p3.message_launch import MessageLaunch
from pylti1p3.message_validators import SubmissionReviewLaunchValidator
from pylti1p3.oidc_login import OIDCLogin
from pylti1p3.registration import Registration
from pylti1p3.request import Request
from pylti1p3.tool_config import ToolConfAbstract

JSON = dict[str, Any]

RESPONSE_SECONDS = 300

# PyJWT would check times without leeway, and refuse a numeric `sub` as a bad signature. With
# these off `jwt.decode` does the signature alone; every claim is checked in `verification`.
_SIGNATURE_ALONE = {
    f"verify_{claim}": False for claim in ("aud", "exp", "iat", "nbf", "iss", "sub", "jti")
}


class Unfit(Exception):
    """The library refuses the message; its words, for the log."""


@dataclass(frozen=True)
class Party:
    """The one registration and deployment that a message may come from."""

    issuer: str
    client_id: str
    deployment_id: str | None
    """As the platform names it; empty if it is not known or not active."""


def public_jwk(public_pem: str) -> JSON:
    """A public key as JWK: RS256, for signing, `kid` the thumbprint of RFC 7638."""
    return dict(Registration.get_jwk(public_pem))


def check_login(params: Mapping[str, str]) -> None:
    """The library's check of a login request: it names an issuer and a person. Raises Unfit."""
    try:
        _Login(params).validate_oidc_login()
    except OIDCException as error:
        raise Unfit(str(error)) from error


class Message:
    """One id_token on its way through the library's own steps."""

    def __init__(self, id_token: str, party: Party, keys: Sequence[JSON]) -> None:
        """Raises Unfit if it can't be decoded."""
        self._launch = _Launch(id_token, party, keys)
        self._step(self._launch.validate_jwt_format)

    def check_signature(self) -> None:
        """The key of the header's `kid` made the signature. Raises Unfit."""
        self._step(self._launch.validate_jwt_signature)

    def check_party(self) -> None:
        """Issuer and client id are the registration's, the deployment is its. Raises Unfit."""
        self._step(self._launch.validate_registration)
        self._step(self._launch.validate_deployment)

    def check_message(self) -> None:
        """The claims that this type of message requires are there. Raises Unfit."""
        self._step(self._launch.validate_message)

    def _step(self, step: Callable[[], object]) -> None:
        try:
            step()
        except (LtiException, jwt.PyJWTError, RecursionError) as error:
            raise Unfit(f"{type(error).__name__}: {error}") from error


def deep_linking_claims(
    *,
    issuer: str,
    client_id: str,
    deployment_id: str,
    data: Any,
    items: Sequence[JSON],
    message: str | None,
) -> JSON:
    """The claims of a LtiDeepLinkingResponse, yet to be signed."""
    registration = Registration().set_issuer(issuer).set_client_id(client_id)
    request = {} if data is None else {"data": data}
    claims: JSON = DeepLink(registration, deployment_id, request).get_message_jwt(
        [_Item(item) for item in items]
    )
    prefix = "https://purl.imsglobal.org/spec/lti-dl/claim/"
    if data is None:
        del claims[prefix + "data"]  # the library would answer null to a request without data
    if message:
        claims[prefix + "msg"] = message
    claims["aud"] = issuer  # the library sends a list; some platforms compare with text
    claims["exp"] = claims["iat"] + RESPONSE_SECONDS  # the library allows twice as long
    return claims


class _Form(Request):  # type: ignore[misc]
    """The library asks a request for parameters: these are all there are."""

    def __init__(self, params: Mapping[str, str]) -> None:
        self._params = params

    def get_param(self, key: str) -> str:
        return self._params.get(key, "")

    def is_secure(self) -> bool:
        return True


class _Parties(ToolConfAbstract):  # type: ignore[misc]
    """The one party, under whatever name: who it is was looked up before, and is compared."""

    def __init__(self, party: Party) -> None:
        self._party = party

    def check_iss_has_one_client(self, iss: str) -> bool:
        return False  # the library keeps this in a dict shared by the class

    def find_registration_by_params(
        self, iss: str, client_id: str, *args: object, **kwargs: object
    ) -> Registration:
        return Registration().set_issuer(self._party.issuer).set_client_id(self._party.client_id)

    def find_deployment_by_params(
        self, iss: str, deployment_id: str, client_id: str, *args: object, **kwargs: object
    ) -> Deployment | None:
        known = self._party.deployment_id
        return Deployment().set_deployment_id(known) if known == deployment_id else None


class _Login(OIDCLogin):  # type: ignore[misc]
    """Registration, state, nonce, cookie and redirect are ours (`login`): the library keeps a nonce
    that is never spent, ties no nonce to a state, and writes a second "?" into some addresses."""

    def __init__(self, params: Mapping[str, str]) -> None:
        super().__init__(_Form(params), _Parties(Party("", "", None)), object(), object())


class _Launch(MessageLaunch):  # type: ignore[misc]
    def __init__(self, id_token: str, party: Party, keys: Sequence[JSON]) -> None:
        super().__init__(
            _Form({"id_token": id_token}),
            _Parties(party),
            # Its session would take the same token again (that is how it survives a reload),
            # and keeps the whole token in a cookie. States are spent in the database instead.
            session_service=object(),
            cookie_service=object(),
            # It fetches keys without time-outs, size limits or a look at the status. Keys come
            # from `keysets`; this keeps it from the network.
            requests_session=object(),
        )
        self._party = party
        self._registration = Registration().set_key_set({"keys": list(keys)})
        self.set_auto_validation(False)
        self.set_jwt_verify_options(_SIGNATURE_ALONE)

    def validate_message(self) -> "_Launch":
        """Its validator of submission reviews wants a learner and a column, which Moodle leaves
        out; those are checked in `message`, the claims of every message here as always."""
        claims = self._get_jwt_body()
        review = SubmissionReviewLaunchValidator()
        if review.can_validate(claims):
            review.run_common_validators(claims)
            return self
        super().validate_message()
        return self

    def _get_request_param(self, key: str) -> str:
        return str(self._request.get_param(key))

    def get_public_key(self) -> tuple[RSAPublicKey, str]:
        """The library takes the key through JSON, JWK and PEM at each launch: more work than the
        check of a signature. Here it is read once. Raises LtiException."""
        header = self._jwt["header"]
        for key in self._registration.get_key_set()["keys"]:
            if (key["kid"], key["alg"]) == (header.get("kid"), header.get("alg")):
                return _rsa_key(key["n"], key["e"]), key["alg"]
        raise LtiException("Unable to find public key")

    def get_client_id(self) -> str:
        """The library takes the first audience. Ours is among them: `verification` has looked."""
        return self._party.client_id

    def get_iss(self) -> str:
        """Compared here, since the look-up above knows but one registration."""
        if super().get_iss() != self._party.issuer:
            raise LtiException("issuer is not the registration's")
        return self._party.issuer


@lru_cache(maxsize=256)
def _rsa_key(modulus: str, exponent: str) -> RSAPublicKey:
    key = jwt.PyJWK({"kty": "RSA", "n": modulus, "e": exponent}, "RS256").key
    assert isinstance(key, RSAPublicKey)  # `keysets` keeps no other
    return key


class _Item(DeepLinkResource):  # type: ignore[misc]
    """An item in the wire's words: the library's has no fields for text, windows and dates."""

    def __init__(self, item: JSON) -> None:
        self._item = item

    def to_dict(self) -> JSON:
        return self._item
