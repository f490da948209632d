"""Where a launch comes from: course, link, column; and a whole class that comes at once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from demo_lms import Platform
from demo_lms import vocabulary as lti
from models import (
    Activity,
    ActivityKind,
    Course,
    CourseRole,
    LineItem,
    LtiContext,
    ResourceLink,
    ToolSession,
)
from tests import factories
from tests.launch import lms
from tests.launch.lms import TOOL, Browser
from tests.launch.test_people import launch, memberships, people

TEACHING = f"{lti.MEMBERSHIP}#Instructor"
ASSISTING = f"{lti.MEMBERSHIP}/Instructor#TeachingAssistant"
ADMINISTRATOR = lti.INSTITUTION_ADMINISTRATOR


def activity_of(session: Session, course: Course) -> Activity:
    teacher = factories.member(session, course, CourseRole.TEACHER)
    row = Activity(
        course_id=course.course_id,
        kind=ActivityKind.TUTOR,
        title="Tutor",
        created_by=teacher.student_id,
    )
    session.add(row)
    session.commit()
    return row


def test_a_link_opens_the_activity_it_names(browser: Browser, platform: Platform, session: Session):
    launch(browser, platform)
    mine = activity_of(session, session.scalars(select(Course)).one())
    foreign = activity_of(session, factories.course(session))

    def opened_with(custom: dict[str, str]) -> Any:
        attempt = browser.begin(platform)
        attempt.claims[lti.CUSTOM] = custom
        assert attempt.post().status_code == 303
        session.rollback()
        newest = select(ToolSession).order_by(ToolSession.created_at.desc()).limit(1)
        return session.scalars(newest).one().activity_id

    for unknown in (foreign.activity_id, uuid4(), "not-an-id"):
        assert opened_with({"activity": str(unknown)}) is None
    assert opened_with({"activity": str(mine.activity_id)}) == mine.activity_id
    # From now on the link has it, whatever a later launch fails to say.
    assert opened_with({"activity": str(foreign.activity_id)}) == mine.activity_id
    assert opened_with({}) == mine.activity_id


def test_a_link_that_is_set_up_again_takes_its_column_along(
    browser: Browser, platform: Platform, session: Session
):
    """Moodle changes the custom values of a link that exists: each launch is read anew."""
    launch(browser, platform)
    course = session.scalars(select(Course)).one()
    first, second = activity_of(session, course), activity_of(session, course)
    for activity in (first, second, first):
        attempt = browser.begin(platform)
        attempt.claims[lti.CUSTOM] = {"activity": str(activity.activity_id)}
        attempt.claims[lti.AGS_ENDPOINT]["lineitem"] = "https://lms.example/items/1/lineitem"
        assert attempt.post().status_code == 303
        session.rollback()
        session.expire_all()
        newest = select(ToolSession).order_by(ToolSession.created_at.desc()).limit(1)
        assert session.scalars(newest).one().activity_id == activity.activity_id
        assert session.scalars(select(ResourceLink.activity_id)).all() == [activity.activity_id]
        assert session.scalars(select(LineItem.activity_id)).all() == [activity.activity_id]


def test_services_are_kept_as_they_come(browser: Browser, platform: Platform, session: Session):
    attempt = browser.begin(platform)
    endpoint = attempt.claims[lti.AGS_ENDPOINT]
    endpoint["lineitem"] = "https://lms.example/items/1/lineitem?type_id=2"
    assert attempt.post().status_code == 303
    context = session.scalars(select(LtiContext)).one()
    assert context.line_items_url == endpoint["lineitems"]
    assert set(context.ags_scopes or []) == set(endpoint["scope"])
    item = session.scalars(select(LineItem)).one()
    link = session.scalars(select(ResourceLink)).one()
    assert (item.url, item.resource_link_id) == (endpoint["lineitem"], link.resource_link_id)

    again = browser.begin(platform)
    again.claims[lti.AGS_ENDPOINT] = {**endpoint, "lineitem": "https://lms.example/items/2"}
    assert again.post().status_code == 303
    session.rollback()
    bound = select(LineItem.url).where(LineItem.resource_link_id == link.resource_link_id)
    assert session.scalars(bound).all() == ["https://lms.example/items/2"]

    third = browser.begin(platform)
    third.claims[lti.AGS_ENDPOINT] = {**endpoint, "lineitem": ""}  # Moodle's way to say none
    assert third.post().status_code == 303


def test_custom_values_are_known_however_their_names_are_written(
    browser: Browser, platform: Platform, session: Session
):
    """As somebody typed them into the tool's settings; Moodle adds each once more in lower case."""
    launch(browser, platform, **{lti.CUSTOM: {"Context_History": "a,b"}})
    assert session.scalars(select(LtiContext.ancestors)).all() == [["a", "b"]]


def test_an_archived_course(browser: Browser, platform: Platform, session: Session):
    launch(browser, platform)
    session.scalars(select(Course)).one().is_active = False
    session.commit()
    assert browser.launch(platform).status_code == 403
    assert len(session.scalars(select(ToolSession)).all()) == 1


def test_a_whole_class_at_once(browser: Browser, platform: Platform, session: Session):
    """First launches of a new course, some of one person twice: one course, numbers without gap."""
    subjects = [f"s{number // 2}" for number in range(24)]
    forms = []
    for subject in subjects:
        attempt = browser.begin(platform)
        # One address for two neighbours: who is second gets a placeholder.
        attempt.claims |= {"sub": subject, "email": f"mail{int(subject[1:]) // 2}@example.org"}
        cookie = f"__Host-lti_{attempt.state[:8]}={attempt.secret}"
        forms.append(({"id_token": attempt.id_token(), "state": attempt.state}, cookie))
    app = browser.client.application

    def post(form: tuple[dict[str, str], str]) -> int:
        data, cookie = form
        client = app.test_client(use_cookies=False)
        headers = {"Cookie": cookie}
        return client.post("/lti/launch", base_url=TOOL, data=data, headers=headers).status_code

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(post, forms)) == [303] * len(forms)
    assert len(session.scalars(select(Course)).all()) == 1
    assert [one.number for one in memberships(session)] == list(range(1, 13))
    assert len(people(session)) == 12
    assert len({one.email for one in people(session)}) == 12


def test_the_first_deployment_is_adopted(browser: Browser, served: Platform, session: Session):
    lms.register(session, served, deployments=())
    assert browser.launch(served).status_code == 303
    second = browser.begin(served)
    second.claims[lti.DEPLOYMENT_ID] = "another"
    assert second.post().status_code == 403


def test_canvas_words(browser: Browser, platform: Platform, session: Session):
    """Account pages are no course; navigation repeats the context's id as the link's."""
    canvas = {lti.TOOL_PLATFORM: {"product_family_code": "canvas", "guid": "x"}}
    launch(browser, platform, **canvas, **{lti.CONTEXT: {"id": "acc", "type": ["Account"]}})
    assert session.scalars(select(Course)).all() == []

    launch(
        browser,
        platform,
        **canvas,
        **{lti.CONTEXT: {"id": "c1"}, lti.RESOURCE_LINK: {"id": "c1"}},
    )
    assert session.scalars(select(ResourceLink)).all() == []
    newest = session.scalars(select(ToolSession).order_by(ToolSession.created_at.desc())).first()
    assert newest and "https://*.instructure.com" in (newest.frame_origin or "")


def framers(session: Session) -> list[str]:
    """Who may show the newest session in a frame."""
    session.rollback()
    newest = select(ToolSession.frame_origin).order_by(ToolSession.created_at.desc()).limit(1)
    return (session.scalars(newest).one() or "").split()


def test_a_school_with_a_domain_of_its_own_may_show_us_in_a_frame(
    browser: Browser, platform: Platform, session: Session
):
    canvas = {lti.TOOL_PLATFORM: {"product_family_code": "canvas", "guid": "x"}}
    usual = [platform.settings.issuer, "https://*.instructure.com"]
    for domain, more in (
        ("Canvas.Lakeside.example", ["https://canvas.lakeside.example"]),
        ("$Canvas.api.domain", []),
        ("lakeside.example; script-src *", []),
        ("*", []),
        ("https://lakeside.example", []),
        (f"{'x' * 250}.example", []),
    ):
        launch(browser, platform, **canvas, **{lti.CUSTOM: {"canvas_domain": domain}})
        assert framers(session) == usual + more, domain
    launch(browser, platform, **{lti.CUSTOM: {"canvas_domain": "lakeside.example"}})
    assert framers(session) == [platform.settings.issuer], "the word of a Canvas alone"


def test_where_people_are_to_go_back_to_may_show_us_in_a_frame(
    browser: Browser, platform: Platform, session: Session
):
    for address, more in (
        ("https://School.example:8443/courses/1?x=y", ["https://school.example:8443"]),
        ("http://school.example/", []),
        ("https://school.example;script-src/", []),
        (["https://school.example/"], []),
    ):
        launch(browser, platform, **{lti.LAUNCH_PRESENTATION: {"return_url": address}})
        assert framers(session) == [platform.settings.issuer, *more], address


def test_elsewhere_a_link_may_have_the_number_of_its_course(
    browser: Browser, platform: Platform, session: Session
):
    """Moodle counts both from 1."""
    moodle = {lti.TOOL_PLATFORM: {"product_family_code": "moodle", "guid": "x"}}
    launch(
        browser, platform, **moodle, **{lti.CONTEXT: {"id": "3"}, lti.RESOURCE_LINK: {"id": "3"}}
    )
    assert session.scalars(select(ResourceLink.lti_resource_link_id)).all() == ["3"]
