"""What deliveries tell of the connection's health."""

import pytest
from sqlalchemy import select, update

from app.connections import health
from lti_config.errors import Fault
from models import HealthKind, Registration, RegistrationHealth, ServiceToken
from tests.gradebook.conftest import Class


def noted(lms_class: Class) -> dict[HealthKind, RegistrationHealth]:
    lms_class.session.rollback()
    lms_class.session.expire_all()
    return {row.kind: row for row in lms_class.session.scalars(select(RegistrationHealth))}


def test_a_delivered_score_notes_token_and_score(lms_class: Class) -> None:
    lms_class.answer(1)
    lms_class.work()
    rows = noted(lms_class)
    assert rows[HealthKind.TOKEN].last_good_at and rows[HealthKind.SCORE].last_good_at
    assert not any(row.last_error for row in rows.values())


@pytest.mark.parametrize(
    ("switch", "kind", "seen"),
    [
        ("ags_down", HealthKind.SCORE, "503"),
        ("token_down", HealthKind.TOKEN, "token endpoint"),
    ],
)
def test_an_lms_that_is_down_is_told_until_it_is_up_again(
    lms_class: Class, switch: str, kind: HealthKind, seen: str
) -> None:
    lms_class.fault(**{switch: True})
    lms_class.answer(1)
    lms_class.work()
    row = noted(lms_class)[kind]
    assert health.is_failing(row)
    words, _, detail = (row.last_error or "").partition("\n")
    assert words == health.WORDS[Fault(kind.value)] and seen in detail

    lms_class.fault(**{switch: False})
    lms_class.later()
    lms_class.work()
    assert lms_class.shown() == 2
    assert not any(map(health.is_failing, noted(lms_class).values()))


def test_a_key_that_the_lms_does_not_take_is_told(lms_class: Class) -> None:
    lms_class.session.execute(update(Registration).values(client_id="another"))
    lms_class.session.execute(ServiceToken.__table__.delete())
    lms_class.answer(1)
    lms_class.work()
    row = noted(lms_class)[HealthKind.TOKEN]
    assert row.last_fault == Fault.TOKEN and "token endpoint answered" in (row.last_error or "")
