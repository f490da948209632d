"""While a connection is switched off nothing goes out: scores wait, say so, and go out once on."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from app.admin import institutions
from app.admin.connections import waiting_scores
from app.connections.switches import set_status
from app.gradebook import reading, seeking
from app.gradebook.delivery import NO_STUDENT, PATIENCE, deliver
from app.gradebook.jobs import sweep
from app.gradebook.outbox import HELD, send_again
from app.gradebook.receipts import state_for_teachers
from app.roster import sync
from lti_config.tokens import TokenRefused
from models import (
    CourseRole,
    Deployment,
    LtiContext,
    RegistrationStatus,
    ScoreOutbox,
    ScoreStatus,
    now,
)
from tests.gradebook.arranged import Arranged

Switch = Callable[[Arranged, bool], None]


def _registration(arranged: Arranged, is_on: bool) -> None:
    to = RegistrationStatus.ACTIVE if is_on else RegistrationStatus.DISABLED
    set_status(arranged.session, arranged.registration.registration_id, to)


def _deployment(arranged: Arranged, is_on: bool) -> None:
    to = RegistrationStatus.ACTIVE if is_on else RegistrationStatus.DISABLED
    set_status(arranged.session, arranged.context.deployment_id, to)


def _school(arranged: Arranged, is_on: bool) -> None:
    deployment = arranged.session.get_one(Deployment, arranged.context.deployment_id)
    if deployment.institution_id is None:
        school = institutions.add(arranged.session, "Lakeside College")
        deployment.institution_id = school.institution_id
    institutions.set_active(arranged.session, deployment.institution_id, is_on)


@pytest.fixture(params=[_registration, _deployment, _school])
def switch(request: pytest.FixtureRequest, arranged: Arranged) -> Callable[[bool], None]:
    """Switches one of the three off or on."""

    def to(is_on: bool) -> None:
        request.param(arranged, is_on)
        arranged.session.commit()

    return to


def a_minute_passes(arranged: Arranged) -> None:
    arranged.hours_pass(timedelta(minutes=2))
    sweep(0)
    arranged.work()


def test_a_score_waits_while_it_is_off_and_goes_when_it_is_on(
    arranged: Arranged, switch: Callable[[bool], None]
) -> None:
    switch(False)
    arranged.wants(5)
    arranged.work()
    a_minute_passes(arranged)
    row = arranged.row()
    assert arranged.server.got == [], "not even a token is asked for"
    assert (row.status, row.last_error, row.next_try_at) == (ScoreStatus.WAITING, HELD, None)
    state = state_for_teachers(row, now().tzinfo, now())  # type: ignore[arg-type]
    assert (state.words, state.more) == ("Waiting", HELD)

    switch(True)
    a_minute_passes(arranged)
    assert arranged.server.scores() == [(5, 200)]
    row = arranged.row()
    assert (row.status, row.last_error) == (ScoreStatus.SENT, None)


def test_two_days_off_are_no_failure_of_the_lms(
    arranged: Arranged, switch: Callable[[bool], None]
) -> None:
    arranged.server.is_down = True
    arranged.wants(5)
    arranged.work()
    assert arranged.row().failing_since is not None
    switch(False)
    sweep(0)
    arranged.session.execute(update(ScoreOutbox).values(failing_since=now() - 2 * PATIENCE))
    arranged.session.commit()
    arranged.wants(6)
    arranged.session.execute(update(ScoreOutbox).values(last_error="before it was held"))
    arranged.session.commit()
    a_minute_passes(arranged)
    assert arranged.row().failing_since is None

    switch(True)
    a_minute_passes(arranged)
    row = arranged.row()
    assert row.status is ScoreStatus.WAITING, "down again, and its day begins anew"
    arranged.server.is_down = False
    arranged.later()
    arranged.work()
    assert arranged.server.scores()[-1] == (6, 200)


def test_switched_off_between_listing_and_sending(
    arranged: Arranged, switch: Callable[[bool], None]
) -> None:
    row_id = arranged.wants(5).outbox_id
    switch(False)
    assert deliver(row_id, TokenRefused("never asked")) is None
    assert arranged.row().last_error == HELD
    assert arranged.server.got == []


def test_send_again_waits_as_well(arranged: Arranged, switch: Callable[[bool], None]) -> None:
    row_id = arranged.wants(5).outbox_id
    arranged.work()
    switch(False)
    send_again(arranged.session, arranged.course.course_id, row_id)
    arranged.session.commit()
    arranged.work()
    assert len(arranged.server.scores()) == 1
    assert arranged.row().status is ScoreStatus.WAITING


def test_another_deployment_of_the_registration_goes_on(arranged: Arranged) -> None:
    other = Deployment(
        registration_id=arranged.registration.registration_id,
        lti_deployment_id="2",
        status=RegistrationStatus.DISABLED,
    )
    arranged.session.add(other)
    arranged.session.commit()
    arranged.wants(5)
    arranged.work()
    assert arranged.server.scores() == [(5, 200)]


def test_nothing_else_goes_out_either(arranged: Arranged, switch: Callable[[bool], None]) -> None:
    """Results read back, columns looked for, rosters."""
    context = arranged.session.get_one(LtiContext, arranged.context.context_id)
    context.memberships_url = f"{arranged.server.url}/members"
    arranged.column.resource_link_id = None
    switch(False)
    reading.read(arranged.column.line_item_id)
    assert seeking.seek(arranged.link.resource_link_id, makes=True) is None
    sync.read(arranged.context.context_id)
    assert arranged.server.got == []
    arranged.session.expire_all()
    assert "switched off in CourseLLM" in (context.roster_error or "")


def test_the_console_says_how_many_scores_wait(
    arranged: Arranged, switch: Callable[[bool], None]
) -> None:
    switch(False)
    arranged.wants(5)
    arranged.wants(3, subject="7")
    found = waiting_scores(arranged.session, arranged.registration.platform_id)
    assert found == {arranged.context.deployment_id: 2}


@pytest.mark.parametrize("role", [CourseRole.TA, CourseRole.TEACHER, CourseRole.TEST_STUDENT])
def test_a_waiting_score_of_who_became_staff_is_not_sent(
    role: CourseRole, arranged: Arranged
) -> None:
    arranged.wants(5)
    arranged.student().role = role
    arranged.session.commit()
    arranged.work()
    row = arranged.row()
    assert arranged.server.scores() == []
    assert (row.status, row.last_error) == (ScoreStatus.REFUSED, f"{NO_STUDENT}\n")


def test_who_is_a_student_again_can_have_it_sent(arranged: Arranged) -> None:
    row_id: UUID = arranged.wants(5).outbox_id
    arranged.student().role = CourseRole.TA
    arranged.session.commit()
    arranged.work()
    arranged.student().role = CourseRole.STUDENT
    send_again(arranged.session, arranged.course.course_id, row_id)
    arranged.session.commit()
    arranged.work()
    assert arranged.server.scores() == [(5, 200)]
