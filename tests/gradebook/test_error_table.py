"""Every answer that an LMS may give to a score, over real HTTP: the error table, row by row.

One learner has a score of 5, the platform answers as the row says, the real worker delivers.
"""

from dataclasses import dataclass
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.connections import health
from lti_config.addresses import TrustedHosts
from lti_config.http import Client
from models import RegistrationHealth, ScoreStatus, now
from tests.gradebook.ags_server import AgsServer, Answer
from tests.gradebook.arranged import Arranged, arrange
from tests.gradebook.test_killed_worker import until

CANVAS, MOODLE = "canvas", "moodle"
NOT_NEWER = "Refusing score with an earlier timestamp for item 2 and user 4"
EXTENSION = "https://canvas.instructure.com/lti/submission"
SPENT = {"X-Rate-Limit-Remaining": "0.0"}


@dataclass(frozen=True)
class Row:
    """`answers` to the posts in turn; what is posted in all, where the score is then, and why."""

    name: str
    family: str | None
    answers: tuple[Answer, ...]
    posts: int
    status: ScoreStatus
    sentence: str = ""
    waits_seconds: int = 0
    tokens: int = 1


SENT, WAITING, REFUSED = ScoreStatus.SENT, ScoreStatus.WAITING, ScoreStatus.REFUSED
ACCESS = "The LMS does not accept CourseLLM's key or address."
GONE = "The column, the assignment or the course is no longer in the LMS"
PERSON = "The LMS does not grade this person here."
REJECTED = "The LMS did not take the score."
DOWN = "The LMS could not be reached."


def canvas(status: int, message: str, **more: object) -> Answer:
    return Answer(status, {"errors": {"type": "unprocessable", "message": message}}, **more)  # type: ignore[arg-type]


def moodle(status: int, reason: str) -> Answer:
    """Words in the reason phrase, and after them the whole request."""
    return Answer(status, "[]", reason + '{"userId": "4", "scoreGiven": 5}')


TABLE = [
    Row("200 with a body", CANVAS, (Answer(200, {"resultUrl": "https://c/r"}),), 1, SENT),
    Row("200 empty", MOODLE, (Answer(200),), 1, SENT),
    Row("201", None, (Answer(201),), 1, SENT),
    Row("204", None, (Answer(204),), 1, SENT),
    Row("200 with broken JSON", CANVAS, (Answer(200, '{"resultUrl": '),), 1, SENT),
    Row("200 with a web page", None, (Answer(200, "<html>Back soon"),), 1, WAITING, DOWN),
    Row(
        "400 for the time is stamped anew once",
        CANVAS,
        (canvas(400, "timestamp of score is older than the last"), Answer(200)),
        2,
        SENT,
    ),
    Row(
        "400 for the time twice",
        CANVAS,
        (canvas(400, "timestamp is too old"),) * 2,
        2,
        WAITING,
        DOWN,
    ),
    Row("400", CANVAS, (canvas(400, "bad"),), 1, REFUSED, PERSON),
    Row("400", MOODLE, (moodle(400, "Incorrect score received"),), 1, REFUSED, PERSON),
    Row("401 once: another token", CANVAS, (Answer(401), Answer(200)), 2, SENT, tokens=2),
    Row("401 twice", CANVAS, (Answer(401),) * 2, 2, REFUSED, ACCESS, tokens=2),
    Row(
        "401 twice",
        MOODLE,
        (Answer(401, {"status": 401, "reason": "Unauthorized"}),) * 2,
        2,
        REFUSED,
        ACCESS,
        tokens=2,
    ),
    Row("403, nothing remains", CANVAS, (Answer(403, "", headers=SPENT),), 1, WAITING, DOWN),
    Row(
        "403 in words",
        CANVAS,
        (Answer(403, "403 Forbidden (Rate Limit Exceeded)"),),
        1,
        WAITING,
        DOWN,
    ),
    Row("403 for good", CANVAS, (canvas(403, "no"),), 1, REFUSED, ACCESS),
    Row("403 for good", MOODLE, (moodle(403, "Forbidden"),), 1, REFUSED, ACCESS),
    Row("404", CANVAS, (canvas(404, "not found"),), 1, REFUSED, GONE),
    Row("404", MOODLE, (moodle(404, "Not Found: Grade item 2"),), 1, REFUSED, GONE),
    Row("409 is stamped anew once", MOODLE, (moodle(409, NOT_NEWER), Answer(200)), 2, SENT),
    Row("409, the grade is there", MOODLE, (Answer(409, "[]", takes_it=True),), 1, SENT),
    Row("409 twice", MOODLE, (moodle(409, NOT_NEWER),) * 2, 2, WAITING, DOWN),
    Row("412", CANVAS, (canvas(412, "Tool does not have access"),), 1, REFUSED, REJECTED),
    Row("422", CANVAS, (canvas(422, "User not found in course"),), 1, REFUSED, PERSON),
    Row(
        "422, no attempts left",
        CANVAS,
        (canvas(422, "No more attempts are allowed"), Answer(200)),
        2,
        SENT,
    ),
    Row("422, concluded", CANVAS, (canvas(422, "This course has concluded"),), 1, REFUSED, PERSON),
    Row(
        "429 says when",
        None,
        (Answer(429, "", headers={"Retry-After": "900"}),),
        1,
        WAITING,
        DOWN,
        waits_seconds=890,
    ),
    Row("500", None, (Answer(500, "<h1>Error"),), 1, WAITING, DOWN),
    Row("502 as a web page", MOODLE, (Answer(502, "<html>Bad Gateway"),), 1, WAITING, DOWN),
    Row(
        "503 says when",
        CANVAS,
        (Answer(503, "", headers={"Retry-After": "120"}),),
        1,
        WAITING,
        DOWN,
        waits_seconds=110,
    ),
    Row("504", CANVAS, (Answer(504),), 1, WAITING, DOWN),
    Row("time-out", None, (Answer(200, hang=3),), 1, WAITING, DOWN),
    Row("the line breaks", None, (Answer(200, breaks_line=True),), 1, WAITING, DOWN),
    Row(
        "redirect to a private address",
        None,
        (Answer(307, "", headers={"Location": "http://169.254.169.254/latest/meta-data"}),),
        1,
        WAITING,
        DOWN,
    ),
    Row("another 4xx", None, (Answer(418, "teapot"),), 1, REFUSED, REJECTED),
]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time-outs of a second, else the table takes half a minute longer."""

    def trusting(hosts: tuple[str, ...], *, most_bytes: int) -> Client:
        return Client(TrustedHosts(hosts), read_seconds=1.0, most_bytes=most_bytes)

    monkeypatch.setattr(Client, "trusting", trusting)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.family or 'any'}: {row.name}")
def test_the_error_table(row: Row, app: Flask, session: Session, server: AgsServer) -> None:
    arranged = arrange(session, server, row.family)
    server.will("score", *row.answers)
    arranged.wants(5, is_complete=True)
    arranged.work()
    kept = arranged.row()
    assert kept.status is row.status, kept.last_error
    until(lambda: len(server.of("score")) >= row.posts, 30)  # a slow answer is noted at its end
    assert len(server.of("score")) == row.posts
    assert (kept.last_error or "").startswith(row.sentence)
    assert sum("scope%2Fscore" in one.body for one in server.of("token")) == row.tokens
    stamps = [one.body["timestamp"] for one in server.of("score")]
    if row.family != CANVAS or "attempts" not in row.name:
        is_restamped = row.tokens == 1
        assert len(set(stamps)) == (len(stamps) if is_restamped else 1)
    if row.status is WAITING:
        assert kept.next_try_at is not None
        assert (kept.next_try_at - now()).total_seconds() > max(row.waits_seconds, 1)
        assert "userId" not in (kept.last_error or ""), "Moodle repeats our request"
    if row.sentence == ACCESS:
        notes = session.scalars(select(RegistrationHealth)).all()
        assert any(map(health.is_failing, notes)), "an administrator is told"


def test_a_score_whose_answer_was_lost_is_not_sent_twice(
    arranged: Arranged, server: AgsServer
) -> None:
    server.will("score", Answer(breaks_line=True, takes_it=True))
    arranged.wants(5)
    arranged.work()
    assert arranged.row().status is WAITING
    arranged.later()
    arranged.work()
    assert arranged.row().status is SENT
    assert server.scores() == [(5, 200)]


@pytest.mark.parametrize(
    ("token", "status", "sentence"),
    [
        (Answer(400, {"error": "invalid_client"}), REFUSED, ACCESS),
        (
            Answer(400, '{ "error" : ""kid" invalid, unable to lookup correct key" }'),
            REFUSED,
            ACCESS,
        ),
        (Answer(200, {"access_token": "t", "scope": "something else"}), REFUSED, ACCESS),
        (Answer(503), WAITING, DOWN),
        (Answer(429), WAITING, DOWN),
        (Answer(200, "<html>"), WAITING, DOWN),
        (Answer(302, "", headers={"Location": "http://10.0.0.1/"}), WAITING, DOWN),
    ],
    ids=["unknown client", "broken JSON", "other scope", "503", "429", "web page", "redirect"],
)
def test_no_token(
    arranged: Arranged, server: AgsServer, token: Answer, status: ScoreStatus, sentence: str
) -> None:
    server.will("token", token)
    arranged.wants(5)
    arranged.work()
    row = arranged.row()
    assert (row.status, server.scores()) == (status, [])
    assert (row.last_error or "").startswith(sentence)


@pytest.mark.parametrize(
    "results",
    [
        Answer(200, "<html>"),
        Answer(200, "[{"),
        Answer(200, {}),
        Answer(500),
        Answer(404, "<html>"),
        Answer(403),
    ],
    ids=["web page", "broken JSON", "no list", "500", "404", "403"],
)
def test_a_score_counts_as_sent_where_the_result_cannot_be_read_after_it(
    arranged: Arranged, server: AgsServer, results: Answer
) -> None:
    server.will("results", results)
    arranged.wants(5)
    arranged.work()
    assert arranged.row().status is SENT
    assert server.scores() == [(5, 200)]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer(404, "\x00\x01PNG\x00"), ScoreStatus.REFUSED),
        (Answer(503, "\x00\x01PNG\x00"), ScoreStatus.WAITING),
        (Answer(200, {"resultUrl": "https://lms.example/\x00"}), ScoreStatus.SENT),
    ],
    ids=["refused", "later", "taken"],
)
def test_a_binary_answer_leaves_no_score_on_its_way(
    answer: Answer, status: ScoreStatus, arranged: Arranged, server: AgsServer
) -> None:
    """PostgreSQL keeps no NUL: what became of the score has to be noted all the same."""
    server.will("score", answer)
    arranged.wants(5)
    arranged.work()
    row = arranged.row()
    assert row.status is status
    assert not row.last_error or "PNG" in row.last_error
    assert len(server.of("score")) == 1


class TestCanvasAttempts:
    """One finished attempt is one submission; everything else changes its score."""

    @pytest.fixture
    def canvas(self, app: Flask, session: Session, server: AgsServer) -> Arranged:
        return arrange(session, server, CANVAS)

    def test_from_the_first_answer_to_an_improvement(
        self, canvas: Arranged, server: AgsServer
    ) -> None:
        canvas.wants(2)
        canvas.work()
        row = canvas.row()
        row.is_complete = True
        canvas.session.commit()
        canvas.wants(6)
        canvas.work()
        assert canvas.row().submitted_at is not None
        canvas.wants(8)
        canvas.work()
        sent = [one.body[EXTENSION] for one in server.of("score")]
        assert [one["new_submission"] for one in sent] == [False, True, False]
        assert sent[1]["submission_type"] == "basic_lti_launch"
        assert sent[1]["submission_data"] == f"http://localhost:8000/lti/review/{row.outbox_id}"
        assert not any("comment" in one.body for one in server.of("score"))

    def test_a_lost_answer_costs_no_second_attempt(
        self, canvas: Arranged, server: AgsServer
    ) -> None:
        server.will("score", Answer(breaks_line=True, takes_it=True))
        canvas.wants(5, is_complete=True)
        canvas.work()
        canvas.later()
        canvas.work()
        canvas.wants(7)
        canvas.work()
        sent = [one.body[EXTENSION]["new_submission"] for one in server.of("score")]
        assert sent == [True, False]


class TestMoodle:
    def test_addresses_numbers_and_times(
        self, app: Flask, session: Session, server: AgsServer
    ) -> None:
        moodle = arrange(session, server, MOODLE)
        moodle.wants(Decimal("3.33333"))
        moodle.work()
        (post,) = server.of("score")
        assert post.path.endswith("/lineitem/scores?type_id=1")
        assert post.body["scoreGiven"] == 3.33333
        assert post.body["timestamp"].endswith(".000+00:00")
        assert post.body["gradingProgress"] == "FullyGraded"
        assert EXTENSION not in post.body
        (read,) = server.of("results")
        assert read.path.endswith("/lineitem/results?type_id=1&user_id=4")
        assert "limit" not in read.path

    def test_what_it_rounds_or_clips_is_no_change_by_hand(
        self, app: Flask, session: Session, server: AgsServer
    ) -> None:
        moodle = arrange(session, server, MOODLE)
        server.maximum = Decimal(7)
        moodle.wants(Decimal("3.33333"))
        moodle.work()
        moodle.wants(Decimal("6.66667"))
        moodle.work()
        assert moodle.row().status is SENT
        assert [given for given, _ in server.scores()] == [3.33333, 6.66667]
