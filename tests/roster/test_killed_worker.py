"""A worker that is killed while it reads or writes a roster leaves all of it, or nothing."""

import threading

from sqlalchemy import text

from app.config import Settings
from app.extensions import db
from app.roster import sync
from models import CourseRole, EnrollmentStatus, LtiContext
from tests.lti_config.conftest import Answer, Asked
from tests.roster.conftest import TOKEN, School, container, entry
from tests.workers import kill, until, worker

MEMBERS = [entry("t", "Instructor"), *(entry(f"s{number}") for number in range(30))]


def ask(school: School) -> None:
    context = school.session.get_one(LtiContext, school.context.context_id)
    assert sync.ask_again(school.session, context)
    school.session.commit()


def count(school: School) -> int:
    return len(school.people())


def test_killed_while_it_reads_the_second_page(school: School, settings: Settings) -> None:
    school.person("s0")
    is_slow, is_over = True, threading.Event()

    def answer(asked: Asked) -> Answer:
        if asked.path == "/token":
            return 200, {}, TOKEN
        if "from=1" in asked.path:
            if is_slow:
                is_over.wait(60)
            return 200, {}, container(MEMBERS[1:])
        link = {"Link": f'<{school.peer.url}/members?from=1>; rel="next"'}
        return 200, link, container(MEMBERS[:1])

    school.peer.answer = answer
    ask(school)
    with worker(settings) as first:
        until(lambda: any("from=1" in one.path for one in school.peer.asked), 30)
        kill(first)
    is_over.set()
    assert school.standing() == {"s0": (CourseRole.STUDENT, EnrollmentStatus.ACTIVE)}
    is_slow = False
    with worker(settings):
        until(lambda: count(school) == len(MEMBERS), 60)
    assert school.fresh(school.context).roster_read_at is not None


def test_killed_while_it_writes(school: School, settings: Settings) -> None:
    """Held up in the middle of its transaction: a launch holds the course's row."""
    school.lists(*MEMBERS)
    ask(school)
    school.session.execute(
        text("select 1 from courses where course_id = :id for update"),
        {"id": school.course.course_id},
    )
    with worker(settings) as first:
        until(waits_for_a_lock, 30)
        kill(first)
    school.session.rollback()
    until(lambda: not waits_for_a_lock(), 30)
    assert count(school) == 0
    with worker(settings):
        until(lambda: school.fresh(school.context).roster_read_at is not None, 60)
    assert count(school) == len(MEMBERS)
    numbers = sorted(one.number for one in school.people().values())
    assert numbers == list(range(1, len(MEMBERS) + 1))


def waits_for_a_lock() -> bool:
    """Whether some connection stands in line. Asked anew: a transaction sees one picture of it."""
    with db.engine.connect() as connection:
        found = connection.execute(
            text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")
        )
        return bool(found.scalar())
