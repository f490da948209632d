"""Issuer moved: nothing is stored before the keys are checked, and people stay who they are."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.connections import key_sets
from app.extensions import db
from demo_lms import Platform as Lms
from lti_config import keysets
from lti_config.errors import Unreachable
from lti_config.http import Client
from models import (
    AuditEvent,
    CachedKeySet,
    Course,
    Enrollment,
    LineItem,
    LtiContext,
    LtiIdentity,
    Platform,
    Registration,
    ServiceToken,
    User,
    now,
)
from tests.admin.conftest import Console, Registering, shown
from tests.launch.conftest import (  # noqa: F401 - fixtures
    browser,
    platform,
    registration,
    served,
)
from tests.launch.lms import Browser


def key(kid: str) -> dict[str, Any]:
    made = RSAKey.generate_key(2048, {"kid": kid}).as_dict(private=False)
    return {"alg": "RS256"} | {name: made[name] for name in ("kty", "kid", "n", "e")}


OLD, NEW = key("old"), key("new")
Answering = Callable[..., None]


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Answering:
    """`answering(key, …)`: what the key set address says. Nothing is held meanwhile."""

    def answering(*keys: dict[str, Any], error: str = "") -> None:
        def fetch(_client: Client, _url: str) -> keysets.Fetched:
            assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
            if error:
                raise Unreachable(error)
            return keysets.Fetched(list(keys), timedelta(hours=1))

        monkeypatch.setattr(keysets, "fetch", fetch)

    return answering


def known_by(session: Session, url: str, *keys: dict[str, Any]) -> None:
    key_sets.keep(session, url, keysets.Fetched(list(keys), timedelta(hours=1)))
    session.commit()


def form(row: Registration, host: str = "https://new.example", **given: str) -> dict[str, str]:
    values = {
        "issuer": host,
        "jwks_url": f"{host}/jwks",
        f"auth_url-{row.registration_id}": f"{host}/auth",
        f"token_url-{row.registration_id}": f"{host}/token",
    }
    return {**values, **given}


def as_it_was(session: Session) -> tuple[Any, ...]:
    session.rollback()
    session.expire_all()
    row = session.scalars(select(Registration)).one()
    return (
        row.issuer,
        row.auth_url,
        row.token_url,
        row.platform.issuer,
        row.platform.jwks_url,
        [kept.url for kept in session.scalars(select(CachedKeySet).order_by(CachedKeySet.url))],
    )


BEFORE = (
    "https://lms.example",
    "https://lms.example/auth",
    "https://lms.example/token",
    "https://lms.example",
    "https://lms.example/jwks",
    ["https://lms.example/jwks"],
)


def test_with_a_known_key_it_moves_at_once(
    console: Console, register: Registering, session: Session, answering: Answering
) -> None:
    row = register()
    known_by(session, "https://lms.example/jwks", OLD)
    session.add(
        ServiceToken(
            registration_id=row.registration_id,
            scopes="s",
            token=b"x",
            expires_at=now() + timedelta(hours=1),
        )
    )
    session.commit()
    answering(OLD, NEW)
    session.rollback()
    path = f"/platforms/{row.platform_id}/moved"
    page = console.get(path)
    assert "https://lms.example/jwks" in page.text, "filled in with what is"
    assert "The LMS has moved" in console.done(path, **form(row))
    assert as_it_was(session) == (
        "https://new.example",
        "https://new.example/auth",
        "https://new.example/token",
        "https://new.example",
        "https://new.example/jwks",
        ["https://lms.example/jwks", "https://new.example/jwks"],
    )
    assert session.scalars(select(ServiceToken)).all() == [], "tokens of the old address are gone"
    event = session.scalars(select(AuditEvent).order_by(AuditEvent.event_id.desc())).first()
    assert event and event.action == "platform.moved" and event.operator_name == "Ada"
    assert event.details == {
        "from": "https://lms.example",
        "to": "https://new.example",
        "key set": "https://new.example/jwks",
    }


@pytest.mark.parametrize("known", [[OLD], []])
def test_unknown_keys_have_to_be_confirmed(
    known: list[dict[str, Any]],
    console: Console,
    register: Registering,
    session: Session,
    answering: Answering,
) -> None:
    """Nobody's people are handed to another LMS by a slip of the pen."""
    row = register()
    path, sent = f"/platforms/{row.platform_id}/moved", form(row)
    known_by(session, "https://lms.example/jwks", *known)
    if not known:
        session.query(CachedKeySet).delete()
        session.commit()
    before = as_it_was(session)
    session.rollback()
    answering(NEW)
    asked = console.post(path, **sent)
    assert asked.status_code == 422
    assert "none of the keys that are known" in shown(asked) and "new" in shown(asked)
    assert as_it_was(session) == before
    said = asked.text.partition('name="confirmed" value="')[2].partition('"')[0]

    session.rollback()
    answering(NEW, key("third"))
    again = console.post(path, **sent, confirmed=said)
    assert again.status_code == 422, "the yes was for other keys"
    assert as_it_was(session) == before

    session.rollback()
    answering(NEW)
    assert "The LMS has moved" in console.done(path, **sent, confirmed=said)
    assert as_it_was(session)[0] == "https://new.example"


def test_the_same_kid_with_another_key_is_not_the_same(
    console: Console, register: Registering, session: Session, answering: Answering
) -> None:
    row = register()
    known_by(session, "https://lms.example/jwks", OLD)
    answering({**NEW, "kid": "old"})
    session.rollback()
    assert console.post(f"/platforms/{row.platform_id}/moved", **form(row)).status_code == 422
    assert as_it_was(session) == BEFORE


def test_where_no_key_set_is_nothing_changes(
    console: Console, register: Registering, session: Session, answering: Answering
) -> None:
    row = register()
    known_by(session, "https://lms.example/jwks", OLD)
    answering(error="status 404")
    session.rollback()
    answer = console.post(f"/platforms/{row.platform_id}/moved", **form(row))
    assert answer.status_code == 422
    assert "status 404" in answer.text.partition('id="jwks_url-error"')[2][:600]
    assert as_it_was(session) == BEFORE


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("issuer", "", "The issuer must have"),
        ("jwks_url", "http://new.example/jwks", "neither https"),
        ("auth_url", "nonsense", "Not an address"),
        ("token_url", "https://10.0.0.1 /", "Not an address"),
    ],
)
def test_errors_stand_beside_their_field(
    field: str,
    value: str,
    said: str,
    console: Console,
    register: Registering,
    session: Session,
    answering: Answering,
) -> None:
    row = register()
    known_by(session, "https://lms.example/jwks", OLD)
    answering(OLD)
    session.rollback()
    name = (
        f"{field}-{row.registration_id}" if field.endswith("h_url") or "token" in field else field
    )
    answer = console.post(f"/platforms/{row.platform_id}/moved", **form(row, **{name: value}))
    assert answer.status_code == 422
    assert said in answer.text.partition(f'id="{name}-error"')[2][:600]
    assert as_it_was(session) == BEFORE


@pytest.mark.parametrize(
    "other",
    [
        {"client_id": "c1"},
        {"client_id": "c9", "jwks_url": "https://new.example/jwks"},
    ],
)
def test_it_can_not_become_another_platform(
    other: dict[str, str],
    console: Console,
    register: Registering,
    session: Session,
    answering: Answering,
) -> None:
    row = register()
    register("new.example", **{"jwks_url": "https://new.example/other", **other})
    known_by(session, "https://lms.example/jwks", OLD)
    answering(OLD)
    session.rollback()
    answer = console.post(f"/platforms/{row.platform_id}/moved", **form(row))
    assert answer.status_code == 422
    assert "Two platforms can't be one" in shown(answer)
    session.refresh(row)
    assert row.issuer == "https://lms.example"


def test_stored_addresses_of_services_move_along(
    console: Console, register: Registering, session: Session, answering: Answering
) -> None:
    """Scores that wait find their columns at the new address; other platforms' stay."""
    row, stranger = register(), register("other.example")
    course = Course(course_code="A", course_name="A", semester="", year=2026)
    session.add(course)
    session.flush()
    places = []
    for one in (row, stranger):
        context = LtiContext(
            deployment_id=one.deployments[0].deployment_id,
            lti_context_id="1",
            course_id=course.course_id,
            line_items_url="https://lms.example/mod/lti/services.php/1/lineitems?type_id=1",
            memberships_url="https://lms.example.evil/1/memberships",
        )
        session.add(context)
        session.flush()
        for url in ("https://lms.example/1/lineitem", "https://elsewhere.example/2/lineitem"):
            session.add(LineItem(context_id=context.context_id, url=url))
        places.append(context)
    known_by(session, "https://lms.example/jwks", OLD)
    session.commit()
    answering(OLD)
    console.done(f"/platforms/{row.platform_id}/moved", **form(row, "https://new.example/moodle"))
    session.rollback()
    session.expire_all()
    moved, other = places
    assert moved.line_items_url == (
        "https://new.example/moodle/mod/lti/services.php/1/lineitems?type_id=1"
    )
    assert moved.memberships_url == "https://lms.example.evil/1/memberships"
    assert other.line_items_url == "https://lms.example/mod/lti/services.php/1/lineitems?type_id=1"
    urls = [
        sorted(
            session.scalars(select(LineItem.url).where(LineItem.context_id == context.context_id))
        )
        for context in places
    ]
    assert urls == [
        ["https://elsewhere.example/2/lineitem", "https://new.example/moodle/1/lineitem"],
        ["https://elsewhere.example/2/lineitem", "https://lms.example/1/lineitem"],
    ]


def test_people_stay_who_they_are(
    console: Console,
    session: Session,
    browser: Browser,  # noqa: F811
    platform: Lms,  # noqa: F811
    served: Lms,  # noqa: F811
) -> None:
    """A real launch before, the move, and a real launch after: one person, one course."""
    assert browser.launch(platform).status_code == 303
    row = session.scalars(select(Registration)).one()
    now_at, settings = served.settings.issuer, served.settings
    # Before the move the LMS was known by another issuer and key set address.
    session.execute(update(Platform).values(issuer="http://was.example"))
    session.execute(
        update(Platform).values(jwks_url=settings.jwks_url + "?before"),
    )
    session.execute(update(CachedKeySet).values(url=settings.jwks_url + "?before"))
    session.commit()

    def people() -> tuple[Any, ...]:
        session.rollback()
        return tuple(
            tuple(session.scalars(select(column)))
            for column in (User.user_id, LtiIdentity.user_id, Course.course_id, Enrollment.number)
        )

    before = people()
    session.rollback()
    attempt = browser.log_in(platform, *_first(platform))
    assert attempt.status_code == 400, "its new issuer is not known yet"
    key_ = str(row.registration_id)
    console.done(
        f"/platforms/{row.platform_id}/moved",
        **{
            "issuer": now_at,
            "jwks_url": settings.jwks_url,
            f"auth_url-{key_}": settings.authorization_url,
            f"token_url-{key_}": settings.token_url,
        },
    )
    session.rollback()
    assert browser.launch(platform).status_code == 303
    assert people() == before


def _first(platform: Lms) -> tuple[Any, Any]:  # noqa: F811
    from demo_lms import persons
    from demo_lms.links import FIRST_LINK, get

    return persons.get("student-1"), get(platform.store, FIRST_LINK)
