"""What a place takes, as its request says and as its LMS really does."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from lti_config import claims as named
from lti_config.addresses import TrustedHosts
from lti_config.claims import read
from lti_config.deep_linking import Request
from lti_config.platforms import canvas

SETTINGS = {
    "deep_link_return_url": "https://lms.example/return",
    "accept_types": ["ltiResourceLink"],
    "accept_presentation_document_targets": ["iframe", "window"],
    "accept_multiple": True,
    "title": "Typed",
}


def request(family: str, placement: str | None = None, **settings: Any) -> Request:
    """What the picker knows of a request with these settings."""
    given = {**SETTINGS, **settings}
    claims = {
        named.MESSAGE_TYPE: "LtiDeepLinkingRequest",
        named.TARGET_LINK_URI: "https://tool.example/lti/launch",
        named.ROLES: [],
        named.TOOL_PLATFORM: {"product_family_code": family},
        named.DEEP_LINKING: {key: value for key, value in given.items() if value is not None},
        "sub": "1",
    }
    if placement:
        claims[canvas.PLACEMENT] = placement
    awaited: Any = SimpleNamespace(
        platform_id=uuid4(),
        registration_id=uuid4(),
        product_family=None,
        auth_url="https://lms.example/auth",
    )
    launch = read(claims, awaited, uuid4(), TrustedHosts(()))
    assert launch.deep_linking is not None
    return Request.from_session(launch.deep_linking)


@pytest.mark.parametrize(
    ("placement", "several", "column"),
    [
        ("assignment_selection", False, True),
        ("link_selection", True, True),
        ("course_assignments_menu", True, True),
        ("module_index_menu_modal", True, True),
        ("module_menu_modal", True, True),
        ("editor_button", True, False),
        ("homework_submission", True, False),
        (None, True, True),
    ],
)
def test_canvas_by_placement(placement: str | None, several: bool, column: bool) -> None:
    asked = request("canvas", placement)
    assert (asked.accepts_multiple, asked.accepts_line_item) == (several, column)
    assert asked.opens_windows


def test_elsewhere_the_placement_of_canvas_means_nothing() -> None:
    asked = request("other", "editor_button")
    assert asked.accepts_line_item
    assert asked.accepts_multiple


@pytest.mark.parametrize(
    ("family", "targets", "opens"),
    [
        ("canvas", ["iframe", "window"], True),
        ("other", ["iframe"], False),
        ("other", None, False),
        ("moodle", ["frame", "iframe", "window"], False),
    ],
)
def test_a_window_only_where_it_is_honoured(
    family: str, targets: list[str] | None, opens: bool
) -> None:
    assert request(family, accept_presentation_document_targets=targets).opens_windows is opens


@pytest.mark.parametrize(
    ("sent", "several"),
    [(True, True), ("true", True), (False, False), ("false", False), (None, False)],
)
def test_several_links_only_where_that_is_said(sent: Any, several: bool) -> None:
    assert request("other", accept_multiple=sent).accepts_multiple is several


@pytest.mark.parametrize(
    ("sent", "column"), [(True, True), (None, True), ("false", False), (False, False)]
)
def test_a_column_unless_it_is_refused(sent: Any, column: bool) -> None:
    assert request("other", accept_lineitem=sent).accepts_line_item is column


@pytest.mark.parametrize(("title", "kept"), [("Loops", "Loops"), ("CourseLLM", ""), (None, "")])
def test_our_own_name_is_no_title(title: str | None, kept: str) -> None:
    """Moodle sends the tool's name for an activity that has no name yet."""
    assert request("moodle", title=title).title == kept
