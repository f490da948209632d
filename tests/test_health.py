"""Health, metrics, and pages that don't exist."""

import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app import config
from app.config import Settings
from models import CourseRole
from tests import factories
from tests.helpers import enter


def test_live_and_ready(client: FlaskClient) -> None:
    assert client.get("/health/live").json == {"status": "live"}
    assert client.get("/health/ready").json == {"status": "ready"}


def test_metrics_are_for_loopback_without_a_token(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 200
    far = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/metrics", environ_base=far).status_code == 403
    by_proxy = {"X-Forwarded-For": "203.0.113.9"}
    assert client.get("/metrics", headers=by_proxy).status_code == 403


def test_metrics_want_the_token_where_there_is_one(app: Flask, settings: Settings) -> None:
    config.install(replace(settings, metrics_token="t" * 20))
    client = app.test_client()
    assert client.get("/metrics").status_code == 403
    bearer = {"Authorization": "Bearer " + "t" * 20}
    assert client.get("/metrics", headers=bearer).status_code == 200
    odd = {"Authorization": "Bearer \xe9"}
    assert client.get("/metrics", headers=odd).status_code == 403


def test_an_unknown_address_is_a_calm_page(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    shown = re.search(r"data-error-reference>([0-9a-f]+)<", answer.text)
    assert shown and shown[1] in caplog.text
    assert "course" in answer.text
    assert "Traceback" not in answer.text
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def test_a_machine_gets_json(client: FlaskClient) -> None:
    answer = client.get("/nowhere", headers={"Accept": "application/json"})
    assert answer.status_code == 404 and answer.json and "reference" in answer.json


def test_what_no_database_takes_is_a_bad_request(
    app: Flask, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    teacher = enter(app, session, factories.course(session), CourseRole.TEACHER)
    answer = teacher.post("practice/bank/concepts", data={"name": "a\x00b"})
    assert answer.status_code == 400
    shown = re.search(r"data-error-reference>([0-9a-f]+)<", answer.text)
    assert shown and shown[1] in caplog.text and "cannot take it" in caplog.text
