"""The gradebook's way to a student's work: a submission review of the column's tool."""

import pytest

from demo_lms import Platform, line_items, oidc, persons, reviews
from demo_lms import vocabulary as lti
from demo_lms.errors import Refusal
from demo_lms.links import FIRST_LINK

WORK = "http://localhost:8000/lti/review"
BODY = {
    "label": "Loops",
    "scoreMaximum": 10,
    "resourceLinkId": FIRST_LINK,
    "submissionReview": {"reviewableStatus": ["Submitted"], "url": WORK},
}


def _claims(platform: Platform, item: line_items.LineItem) -> dict[str, object]:
    teacher = persons.get("teacher")
    review = reviews.get(platform, item.id or 0, "student-1")
    post = oidc.review_request(platform, teacher, review)
    assert post.fields["target_link_uri"] == WORK
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
    return oidc.authorized_claims(platform, params, teacher)


def test_the_message_names_the_student_and_the_column(platform: Platform) -> None:
    item = line_items.create(platform.store, BODY)
    claims = _claims(platform, item)
    assert claims[lti.MESSAGE_TYPE] == "LtiSubmissionReviewRequest"
    assert claims[lti.FOR_USER] == {"user_id": persons.get("student-1").subject}
    assert claims[lti.TARGET_LINK_URI] == WORK
    assert claims[lti.RESOURCE_LINK]["id"] == FIRST_LINK  # type: ignore[index]
    endpoint = claims[lti.AGS_ENDPOINT]
    assert endpoint["lineitem"] == line_items.item_url(platform.settings, item.id)  # type: ignore[index]


def test_a_column_without_a_link_has_none_in_its_message(platform: Platform) -> None:
    item = line_items.create(platform.store, {**BODY, "resourceLinkId": None})
    assert lti.RESOURCE_LINK not in _claims(platform, item)


def test_the_address_is_kept_shown_and_dropped_by_a_put_without_it(platform: Platform) -> None:
    item = line_items.create(platform.store, BODY)
    shown = line_items.as_json(platform.settings, line_items.get(platform.store, item.id or 0))
    assert shown["submissionReview"] == {"url": WORK}
    plain = {name: value for name, value in BODY.items() if name != "submissionReview"}
    line_items.replace(platform.store, item.id or 0, plain)
    assert line_items.get(platform.store, item.id or 0).review_url is None


@pytest.mark.parametrize("person", ["teacher", "nobody"])
def test_only_students_have_work(platform: Platform, person: str) -> None:
    item = line_items.create(platform.store, BODY)
    with pytest.raises(Refusal):
        reviews.get(platform, item.id or 0, person)


def test_a_column_whose_tool_shows_no_work_has_no_review(platform: Platform) -> None:
    item = line_items.create(platform.store, {"label": "Other", "scoreMaximum": 1})
    with pytest.raises(Refusal):
        reviews.get(platform, item.id or 0, "student-1")
