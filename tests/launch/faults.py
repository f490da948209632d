"""The faults of the launch table: one change each to a valid launch, and what must come of it.

Numbers are the rows of `table.TABLE`.
"""

from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.connections.switches import set_status
from demo_lms import tokens
from demo_lms import vocabulary as lti
from models import Course, Deployment, Institution, LaunchState, RegistrationStatus, User
from tests.launch.changes import (
    STRANGER,
    Change,
    altered,
    another_login,
    arranged,
    both,
    claim,
    expire,
    form,
    header,
    nested,
    old,
    seconds,
    signed_by_stranger,
    symmetric,
    token,
    unsigned,
    without,
)

PRIVACY = "DataPrivacyLaunchRequest"


@dataclass(frozen=True)
class Row:
    """One fault. `reason` is looked for in the log."""

    number: int
    fault: str
    status: int
    reason: str
    change: Change
    deep_linking: bool = False
    person: str = "student-1"

    def __str__(self) -> str:
        return f"{self.number}: {self.fault}"


def _registration_off(session: Session, login: LaunchState) -> None:
    set_status(session, login.registration_id, RegistrationStatus.DISABLED)


def _deployment_off(session: Session, login: LaunchState) -> None:
    session.execute(update(Deployment).values(status=RegistrationStatus.DISABLED))


def _school_off(session: Session, login: LaunchState) -> None:
    school = Institution(name="Lakeside", is_active=False)
    session.add(school)
    session.flush()
    session.execute(update(Deployment).values(institution_id=school.institution_id))


def _course_archived(session: Session, login: LaunchState) -> None:
    session.execute(update(Course).values(is_active=False))


def _person_off(session: Session, login: LaunchState) -> None:
    session.execute(update(User).where(User.sso_id != "system").values(is_active=False))


GARBAGE = "not-base64!"
LONG = "x" * 256
# fmt: off
ROWS = [
    Row(1, "no id_token, no error", 400, "id_token is missing", form(id_token=None)),
    Row(1, "more than any launch sends", 413, ": 413", form(id_token="a" * 300_000)),
    Row(2, "login_required", 400, "platform error 'login_required'",
        form(id_token=None, error="login_required", error_description="Log in")),
    Row(2, "an error nobody knows", 400, "platform error",
        form(id_token=None, error="<script>alert(1)</script>")),
    Row(3, "two parts", 400, "2 parts", token(lambda a: a.id_token().rpartition(".")[0])),
    Row(3, "no base64", 400, "decoded", token(lambda a: f"{GARBAGE}.{GARBAGE}.{GARBAGE}")),
    Row(3, "no JSON", 400, "decoded", token(lambda a: "bm90IGpzb24.bm90IGpzb24.bm90")),
    Row(3, "nested too deep", 400, "decoded", token(lambda a: "e30." + "W1tb" * 9000 + ".bm90")),
    Row(3, "a number out of range", 400, "decoded",
        token(lambda a: tokens.compact({"alg": "RS256"}, {"exp": float("inf")}, lambda s: b""))),
    Row(4, "alg none", 401, "alg is 'none'", token(unsigned)),
    Row(5, "alg HS256 with the public key", 401, "alg is 'HS256'", token(symmetric)),
    Row(6, "alg RS384", 401, "alg is 'RS384'", header(alg="RS384")),
    Row(7, "no kid", 401, "no kid", header(kid=None)),
    Row(8, "unknown kid", 401, "Unable to find public key", header(kid="nobody")),
    Row(9, "another key's signature", 401, "Signature verification failed", signed_by_stranger),
    Row(10, "payload changed", 401, "Signature verification failed", token(altered)),
    Row(11, "header brings a key", 401, "Signature verification failed",
        both(signed_by_stranger, header(jwk=STRANGER.as_dict(private=False)))),
    Row(11, "header names a key set", 401, "Signature verification failed",
        both(signed_by_stranger, header(jku="http://127.0.0.1:9/jwks", x5u="http://127.0.0.1:9"))),
    Row(12, "no iss", 401, "iss is None", without("iss")),
    Row(12, "unknown iss", 401, "iss is", claim("iss", "https://lms.example")),
    Row(12, "iss with a slash", 401, "iss is",
        lambda a: a.claims.update(iss=a.claims["iss"] + "/")),
    Row(12, "iss in another case", 401, "iss is",
        lambda a: a.claims.update(iss=a.claims["iss"].upper())),
    Row(13, "no aud", 401, "aud is None", without("aud")),
    Row(13, "aud of another client", 401, "aud is", claim("aud", "somebody")),
    Row(13, "aud empty", 401, "aud is", claim("aud", [])),
    Row(14, "aud with somebody untrusted", 401, "aud is",
        lambda a: a.claims.update(aud=[a.claims["aud"], "somebody"])),
    Row(16, "azp of another", 401, "azp is", claim("azp", "somebody")),
    Row(17, "several aud, no azp", 401, "no azp",
        both(without("azp"), lambda a: a.claims.update(aud=[a.claims["aud"]] * 2))),
    Row(18, "no exp", 401, "exp is missing", without("exp")),
    Row(18, "exp is text", 401, "exp is missing or no time", claim("exp", "9999999999")),
    Row(18, "exp is true", 401, "exp is missing or no time", claim("exp", True)),
    Row(18, "expired", 401, "exp: expired", seconds("exp", -70)),
    Row(19, "no iat", 401, "iat is missing", without("iat")),
    Row(19, "iat ahead", 401, "iat: issued", seconds("iat", 70)),
    Row(19, "older than ten minutes", 401, "iat: issued", old),
    Row(21, "nbf in the future", 401, "nbf", seconds("nbf", 70)),
    Row(22, "no nonce", 401, "nonce is missing", without("nonce")),
    Row(22, "unknown nonce", 401, "nonce is not", claim("nonce", "made-up")),
    Row(22, "nonce of another login", 401, "nonce is not", another_login("nonce")),
    Row(23, "state used before", 401, "used before",
        lambda a: a.post()),
    Row(24, "no state", 401, "state is missing or unknown", form(state=None)),
    Row(24, "unknown state", 401, "state is missing or unknown", form(state="made-up")),
    Row(24, "state with odd characters", 401, "state is missing or unknown", form(state="a\x00b")),
    Row(24, "state of another login", 401, "nonce is not", another_login("state")),
    Row(24, "expired state", 401, "state has expired", expire),
    Row(27, "no version", 400, "version is None", without(lti.VERSION)),
    Row(27, "version 1.3.1", 400, "version is '1.3.1'", claim(lti.VERSION, "1.3.1")),
    Row(27, "version is a number", 400, "version is 1.3", claim(lti.VERSION, 1.3)),
    Row(28, "no message_type", 400, "message_type is None", without(lti.MESSAGE_TYPE)),
    Row(28, "unknown message_type", 400, "message_type", claim(lti.MESSAGE_TYPE, "LtiSomething")),
    Row(28, "privacy of nobody", 400, "for_user", claim(lti.MESSAGE_TYPE, PRIVACY)),
    Row(28, "message_type is a list", 400, "message_type", claim(lti.MESSAGE_TYPE, ["a"])),
    Row(29, "no deployment_id", 400, "deployment_id", without(lti.DEPLOYMENT_ID)),
    Row(29, "deployment_id empty", 400, "deployment_id", claim(lti.DEPLOYMENT_ID, "")),
    Row(29, "deployment_id too long", 400, "deployment_id", claim(lti.DEPLOYMENT_ID, LONG)),
    Row(29, "deployment_id is a number", 400, "deployment_id", claim(lti.DEPLOYMENT_ID, 1)),
    Row(30, "unknown deployment", 403, "waits for approval", claim(lti.DEPLOYMENT_ID, "other")),
    Row(31, "no target_link_uri", 400, "target_link_uri", without(lti.TARGET_LINK_URI)),
    Row(31, "target_link_uri is not the login's", 400, "target_link_uri",
        claim(lti.TARGET_LINK_URI, "http://localhost:8000/elsewhere")),
    Row(31, "target_link_uri of a foreign origin", 400, "target_link_uri",
        claim(lti.TARGET_LINK_URI, "https://attacker.example/lti/launch")),
    Row(32, "no resource_link", 400, "resource_link", without(lti.RESOURCE_LINK)),
    Row(32, "resource_link id empty", 400, "resource_link", nested(lti.RESOURCE_LINK, id="")),
    Row(32, "resource_link id is a number", 400, "resource_link", nested(lti.RESOURCE_LINK, id=7)),
    Row(32, "resource_link is a list", 400, "resource_link", claim(lti.RESOURCE_LINK, ["a"])),
    Row(32, "resource_link is text", 400, "resource_link", claim(lti.RESOURCE_LINK, "a")),
    Row(33, "no roles", 400, "roles", without(lti.ROLES)),
    Row(33, "roles is text", 400, "roles", claim(lti.ROLES, lti.LEARNER)),
    Row(33, "roles are numbers", 400, "roles", claim(lti.ROLES, [1])),
    Row(35, "no sub", 403, "sub is missing", without("sub")),
    Row(35, "sub empty", 403, "sub is missing", claim("sub", "")),
    Row(36, "sub is a number", 400, "sub is no", claim("sub", 5)),
    Row(36, "sub too long", 400, "sub is no", claim("sub", LONG)),
    Row(36, "sub with control characters", 400, "sub is no", claim("sub", "a\nb")),
    Row(36, "sub as a variable that was left standing", 400, "sub is no", claim("sub", "$User.id")),
    Row(36, "sub with a NUL", 400, "sub is no", claim("sub", "a\x00b")),
    Row(37, "no deep linking settings", 400, "deep_linking_settings", without(lti.DL_SETTINGS),
        deep_linking=True, person="teacher"),
    Row(37, "no return_url", 400, "deep_link_return_url",
        nested(lti.DL_SETTINGS, deep_link_return_url=None), deep_linking=True, person="teacher"),
    Row(37, "return_url not https", 400, "deep_link_return_url",
        nested(lti.DL_SETTINGS, deep_link_return_url="http://lms.example/return"),
        deep_linking=True, person="teacher"),
    Row(37, "return_url is a script", 400, "deep_link_return_url",
        nested(lti.DL_SETTINGS, deep_link_return_url="javascript:alert(1)"),
        deep_linking=True, person="teacher"),
    Row(37, "accepts no links", 400, "accept_types", nested(lti.DL_SETTINGS, accept_types=["file"]),
        deep_linking=True, person="teacher"),
    Row(37, "accepts nothing that is known", 400, "accept_types",
        nested(lti.DL_SETTINGS, accept_types="ltiResourceLink"),
        deep_linking=True, person="teacher"),
    Row(37, "data that can't be kept", 400, "data of the deep linking request",
        nested(lti.DL_SETTINGS, data="a\x00b"), deep_linking=True, person="teacher"),
    Row(38, "deep linking by a learner", 403, "deep linking as student",
        claim(lti.ROLES, [lti.LEARNER]), deep_linking=True, person="teacher"),
    Row(38, "deep linking by an assistant", 403, "deep linking as ta",
        claim(lti.ROLES, [lti.TEACHING_ASSISTANT, lti.INSTRUCTOR]),
        deep_linking=True, person="teacher"),
    Row(38, "deep linking by an administrator", 403, "deep linking as administrator",
        claim(lti.ROLES, [lti.INSTITUTION_ADMINISTRATOR]), deep_linking=True, person="teacher"),
    Row(39, "context is a list", 400, "context", claim(lti.CONTEXT, ["a"])),
    Row(41, "registration switched off", 403, "is disabled", arranged(_registration_off)),
    Row(41, "deployment switched off", 403, "is disabled", arranged(_deployment_off)),
    Row(41, "school switched off", 403, "school of deployment", arranged(_school_off)),
    Row(41, "course archived", 403, "is archived", arranged(_course_archived)),
    Row(41, "person switched off", 403, "is not active", arranged(_person_off)),
    Row(44, "token of the beta issuer", 401, "iss is",
        claim("iss", "https://canvas.beta.instructure.com")),
]
# fmt: on
