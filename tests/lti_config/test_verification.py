"""Whatever a platform signs, verification gives a launch or a refusal, and nothing else."""

import base64
import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from joserfc.jwk import RSAKey

from lti_config import claims as named
from lti_config import message, pylti, texts
from lti_config.addresses import TrustedHosts
from lti_config.approval import KnownDeployment, check_deployment
from lti_config.claims import read
from lti_config.errors import LaunchRefused
from lti_config.launch import Launch
from lti_config.states import Awaited
from lti_config.verification import take_apart, verify_launch
from models import RegistrationStatus

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
TRUSTED = TrustedHosts(())
OWN = "https://tool.example"
PREFIX = "https://purl.imsglobal.org/spec/lti/claim/"
DEPLOYMENT = KnownDeployment(uuid4(), "1", RegistrationStatus.ACTIVE, is_school_active=True)
AWAITED = Awaited(
    storage_target=None,
    state="s",
    nonce="n",
    target_link_uri=f"{OWN}/lti/launch",
    registration_id=uuid4(),
    platform_id=uuid4(),
    issuer="https://lms.example",
    client_id="client",
    auth_url="https://lms.example/auth",
    jwks_url="https://lms.example/jwks",
    product_family=None,
    deployment=DEPLOYMENT,
    keys=None,
)
CLAIMS: dict[str, Any] = {
    "iss": "https://lms.example",
    "aud": "client",
    "sub": "5",
    "iat": NOW.timestamp(),
    "exp": NOW.timestamp() + 60,
    "nonce": "n",
    "name": "Ada",
    "email": "ada@example.org",
    "locale": "en",
    f"{PREFIX}version": "1.3.0",
    f"{PREFIX}message_type": "LtiResourceLinkRequest",
    f"{PREFIX}deployment_id": "1",
    f"{PREFIX}target_link_uri": f"{OWN}/lti/launch",
    f"{PREFIX}roles": [],
    f"{PREFIX}resource_link": {"id": "1", "title": "T"},
    f"{PREFIX}context": {"id": "1", "label": "L", "title": "T", "type": ["x"]},
    f"{PREFIX}custom": {"a": "b"},
    f"{PREFIX}launch_presentation": {"return_url": "https://lms.example/r", "locale": "en"},
    f"{PREFIX}tool_platform": {"product_family_code": "canvas"},
    f"{PREFIX}role_scope_mentor": ["1"],
    "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings": {
        "deep_link_return_url": "https://lms.example/dl",
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe"],
        "data": "d",
    },
    "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint": {
        "scope": ["s"],
        "lineitems": "https://lms.example/li",
        "lineitem": "https://lms.example/li/1",
    },
    "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": {
        "context_memberships_url": "https://lms.example/m"
    },
}

KEYS = [{**RSAKey.generate_key(2048).as_dict(private=False), "kid": "k", "alg": "RS256"}]

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text() | st.sampled_from(["\x00", "\ud800", "$x", "1", "https://a.example/", "true"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    """Good claims with a few replaced, whole or inside, by anything at all."""
    claims = json.loads(json.dumps(CLAIMS))
    kinds = ["LtiResourceLinkRequest", "LtiDeepLinkingRequest"]
    claims[f"{PREFIX}message_type"] = draw(st.sampled_from(kinds))
    claims[f"{PREFIX}roles"] = draw(st.sampled_from([["Instructor"], ["Learner"], ["Mentor"]]))
    for name in draw(st.lists(st.sampled_from(sorted(claims)), max_size=3)):
        inner = claims[name]
        if isinstance(inner, dict) and inner and draw(st.booleans()):
            inner[draw(st.sampled_from(sorted(inner)))] = draw(anything)
        else:
            claims[name] = draw(anything)
    return claims


@given(damaged())
@hypothesis_settings(max_examples=400, deadline=None)
def test_any_claims_give_a_launch_or_a_refusal(claims: dict[str, Any]):
    """All that stands behind the signature; what comes out can be kept as it is."""
    library = object.__new__(pylti.Message)
    library._launch = pylti._Launch("", pylti.Party("i", "c", "1"), [])
    library._launch.set_jwt({"body": claims})
    try:
        message.check(claims, AWAITED, own_origin=OWN, trusted=TRUSTED)
        library.check_message()
        check_deployment(claims[named.DEPLOYMENT_ID], AWAITED.deployment)
        launch = read(claims, AWAITED, DEPLOYMENT.deployment_id, TRUSTED)
        message.check_rights(launch)
    except (LaunchRefused, pylti.Unfit):
        return
    kept = launch.to_json()
    assert texts.is_storable(kept)
    assert Launch.from_json(json.loads(json.dumps(kept))) == launch
    assert len(launch.frame_sources) <= 255
    assert ";" not in launch.frame_sources and "," not in launch.frame_sources


@given(st.text(max_size=200) | st.builds(".".join, st.lists(st.text(max_size=40), min_size=3,
                                                           max_size=3)))  # fmt: skip
def test_any_text_is_no_token_or_a_refusal(raw: str):
    try:
        token = take_apart(raw)
        verify_launch(token, AWAITED, [], own_origin=OWN, trusted=TRUSTED, moment=NOW)
    except LaunchRefused as refused:
        assert refused.status in {400, 401}
    else:
        raise AssertionError("a launch without any key")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("pt_br", "pt-BR"), ("EN", "en"), ("en-us", "en-US"), ("zh_hant_tw", "zh-Hant-TW"),
     ("de_du", "de-DU"), ("", None), ("x<y", None), (None, None), ("english-language", None)],
)  # fmt: skip
def test_languages(sent: object, kept: str | None):
    assert texts.language(sent) == kept


def test_a_header_that_is_nested_to_the_brim():
    """Just shallow enough for us, too deep for a library a few calls further down."""
    for depth in range(700, 1000, 5):
        nested = "[" * depth + "]" * depth
        header = f'{{"alg": "RS256", "kid": "k", "x": {nested}}}'.encode()
        part = base64.urlsafe_b64encode(header).rstrip(b"=").decode()
        with pytest.raises(LaunchRefused):
            token = take_apart(f"{part}.e30.e30")
            verify_launch(token, AWAITED, KEYS, own_origin=OWN, trusted=TRUSTED, moment=NOW)
