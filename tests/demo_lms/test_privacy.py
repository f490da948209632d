"""The way to what the tool keeps of a person: a launch that belongs to no course."""

from typing import Any

import pytest

from demo_lms import Platform, oidc, persons
from demo_lms import vocabulary as lti


@pytest.mark.parametrize("person", persons.PERSONS, ids=lambda person: person.id)
def test_the_message_names_the_person_and_no_course(
    platform: Platform, person: persons.Person
) -> None:
    post = oidc.privacy_request(platform, person)
    params = {
        "client_id": platform.settings.client_id,
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "nonce": "n",
        "login_hint": post.fields["login_hint"],
        "lti_message_hint": post.fields["lti_message_hint"],
    }
    claims = oidc.authorized_claims(platform, params, person)
    assert claims[lti.MESSAGE_TYPE] == "DataPrivacyLaunchRequest"
    assert claims[lti.FOR_USER] == {"user_id": person.subject}
    assert not {lti.CONTEXT, lti.RESOURCE_LINK, lti.AGS_ENDPOINT, lti.NRPS_SERVICE} & set(claims)
    assert not [role for role in claims[lti.ROLES] if "membership" in role]
    with pytest.raises(oidc.Denied):
        oidc.authorized_claims(platform, params, person)


@pytest.mark.parametrize("person", ["student-1", "admin"])
def test_everybody_has_it_in_the_menu(be: Any, person: str) -> None:
    client = be(person)
    assert '<a href="/privacy">Your data</a>' in client.get("/").text
    assert 'src="/privacy/launch"' in client.get("/privacy").text
    assert persons.get(person).subject in client.get("/privacy/launch").text
