"""A class that comes in while its roster is written: everybody once, and no deadlock."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.extensions import transaction
from app.launch.admission import admit
from app.roster import writing
from lti_config.launch import Context, Launch, MessageType, Person
from lti_config.nrps import Member
from models import CourseRole, Deployment, EnrollmentStatus, LtiIdentity, User, now
from tests.roster.conftest import School

CLASS = [f"s{number}" for number in range(60)]
AT_ONCE = 8


def launch_of(school: School, subject: str, title: str) -> Launch:
    deployment = school.session.get_one(Deployment, school.context.deployment_id)
    return Launch(
        platform_id=school.platform.platform_id,
        registration_id=deployment.registration_id,
        deployment_id=deployment.deployment_id,
        product_family="canvas",
        frame_sources="",
        message_type=MessageType.RESOURCE_LINK,
        target_link_uri="http://localhost:8000/lti/launch",
        subject=subject,
        role=CourseRole.STUDENT,
        person=Person("Launched", subject, f"{subject}@x.example"),
        context=Context("c", "C", title),
        link=None,
        custom={},
        grades=None,
        memberships_url=f"{school.peer.url}/members?{title}",
        mentored=(),
        locale=None,
        return_url=None,
        deep_linking=None,
    )


def test_a_class_that_comes_in_while_its_roster_is_written(
    app: Flask, school: School, session: Session
) -> None:
    school.fresh(school.platform).product_family = "canvas"
    for subject in CLASS[::3]:
        school.person(subject)
    launches = [launch_of(school, subject, f"Title {i % 5}") for i, subject in enumerate(CLASS)]
    members = [
        Member(one, CourseRole.STUDENT, True, Person("Listed", one, f"{one}@y.example"), True)
        for one in CLASS
    ]
    context_id = school.context.context_id
    session.rollback()
    start = Barrier(AT_ONCE)

    def come_in(share: list[Launch]) -> None:
        start.wait()
        for one in share:
            with app.app_context(), transaction() as own:
                admit(own, one)

    def write(times: int) -> None:
        start.wait()
        for _ in range(times):
            with app.app_context(), transaction() as own:
                writing.write(own, context_id, members, now())

    with ThreadPoolExecutor(AT_ONCE) as pool:
        doors = AT_ONCE - 2
        done = [pool.submit(come_in, launches[i::doors]) for i in range(doors)]
        done += [pool.submit(write, 4), pool.submit(write, 4)]
        for one in done:
            one.result()  # raises what went wrong in the thread

    people = school.people()
    assert set(people) == set(CLASS)
    assert len({one.number for one in people.values()}) == len(CLASS)
    assert school.fresh(school.course).member_count == len(CLASS)
    assert school.fresh(school.course).course_name == school.fresh(school.context).title
    assert {one.status for one in people.values()} == {EnrollmentStatus.ACTIVE}
    assert all(one.last_launch_at for one in people.values())
    known = session.scalars(select(LtiIdentity)).all()
    assert len(known) == len({one.user_id for one in known}) == len(CLASS)
    assert len(session.scalars(select(User).where(User.sso_id != "system")).all()) == len(CLASS)
