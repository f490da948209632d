"""Which model servers are started and what the tool is told of them."""

import pytest

from scripts import services
from scripts.options import read_options
from scripts.services import Models, app_environment, model_services, web, worker

OTHER = {"COURSELLM_EMBEDDING_BASE_URL": "https://models.example.org/v1"}
OTHER_MODEL = {**OTHER, "COURSELLM_EMBEDDING_MODEL": "text-embedding-3-small"}
WAS_EMBEDDED = {"COURSELLM_PREVIOUS_EMBEDDING_MODEL": "multilingual-e5-small"}
ELSEWHERE = {"COURSELLM_PREVIOUS_EMBEDDING_BASE_URL": "https://old.example.org/v1"}


@pytest.mark.parametrize(
    ("given", "setting"),
    [
        ({}, "COURSELLM_EMBEDDING_BASE_URL"),
        (OTHER_MODEL, None),
        (OTHER_MODEL | WAS_EMBEDDED, "COURSELLM_PREVIOUS_EMBEDDING_BASE_URL"),
        (OTHER_MODEL | WAS_EMBEDDED | ELSEWHERE, None),
    ],
)
def test_the_embedded_model_runs_while_courses_have_its_vectors(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], setting: str | None
) -> None:
    for name in (*OTHER_MODEL, *WAS_EMBEDDED, *ELSEWHERE):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    options, models = read_options(given), Models()
    names = [service.name for service in model_services(options, models, None)]
    env = app_environment(options, models, "postgresql:///coursellm")
    address = f"http://127.0.0.1:{models.question_port}/v1"
    if setting is None:
        assert names == [] and address not in env.values()
    else:
        assert names == ["embeddings-questions", "embeddings-indexing"]
        assert env[setting] == address
    if given:
        assert env["COURSELLM_EMBEDDING_BASE_URL"] == OTHER["COURSELLM_EMBEDDING_BASE_URL"]
        assert env["COURSELLM_EMBEDDING_MODEL"] == "text-embedding-3-small"


def test_questions_never_wait_behind_indexing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Web asks one embedding server, the worker another one, which has the lower priority."""
    for name in (*OTHER_MODEL, *WAS_EMBEDDED, *ELSEWHERE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(services, "database_time", lambda _url: None)
    options, models = read_options({}), Models()
    env = app_environment(options, models, "postgresql:///coursellm")
    questions, indexing = model_services(options, models, None)
    asked = web(options, env).env["COURSELLM_EMBEDDING_BASE_URL"]
    made = worker(env, models, options).env["COURSELLM_EMBEDDING_BASE_URL"]
    assert asked == f"http://127.0.0.1:{models.question_port}/v1"
    assert made == f"http://127.0.0.1:{models.indexing_port}/v1"
    assert str(models.question_port) in questions.command
    assert str(models.indexing_port) in indexing.command
    assert questions.nice == 0 < indexing.nice
