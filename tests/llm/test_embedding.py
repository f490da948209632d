"""Vectors: prefixes by profile, time limits, and what happens without an endpoint."""

import time
from collections.abc import Iterator
from dataclasses import replace

import openai
import pytest

from app import config
from app.config import Settings
from app.llm import embedding
from app.llm.client import ModelUnavailable, embed_passages, embed_question
from tests.llm.fake_endpoint import FakeEndpoint, Script, fake_endpoint


@pytest.fixture
def endpoint(settings: Settings) -> Iterator[FakeEndpoint]:
    with fake_endpoint() as endpoint:
        config.install(replace(settings, embedding_base_url=endpoint.url))
        yield endpoint
        config.install(settings)


def use(endpoint: FakeEndpoint, model: str) -> None:
    config.install(replace(config.current(), embedding_model=model))


def test_the_embedded_server_adds_the_prefix_itself(endpoint: FakeEndpoint) -> None:
    vector = embed_question("Why?")
    assert vector is not None
    assert len(vector) == 384
    assert endpoint.requests[0]["input"] == ["Why?"]
    assert endpoint.requests[0]["input_type"] == "query"


def test_another_e5_server_gets_prefixes(endpoint: FakeEndpoint) -> None:
    use(endpoint, "intfloat/multilingual-e5-small")
    embed_question("Why?")
    embed_passages(["Because."])
    assert [request["input"] for request in endpoint.requests] == [
        ["query: Why?"],
        ["passage: Because."],
    ]


def test_passages_keep_their_order(endpoint: FakeEndpoint) -> None:
    vectors = embed_passages(["a", "bbb", "cc"])
    assert [vector[1] for vector in vectors] == [1.0, 3.0, 2.0]
    assert embed_passages([]) == []


def test_a_slow_or_failing_endpoint_leaves_the_question_without_vector(
    endpoint: FakeEndpoint,
) -> None:
    endpoint.script = Script(status=500)
    assert embed_question("Why?") is None
    endpoint.script = Script(wait_before=30)
    began = time.monotonic()
    assert embed_question("Why?") is None
    assert time.monotonic() - began < 20


def test_a_model_that_hangs_costs_one_time_limit_and_is_left_alone_then(
    endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there are two: one alone is asked as long as somebody wants its vectors."""
    assert embedding.PASSAGES_TIMEOUT.read == 120.0
    monkeypatch.setattr(embedding, "PASSAGES_TIMEOUT", openai.Timeout(0.5, connect=3.0))
    monkeypatch.setattr(embedding, "_silent_until", {})
    endpoint.script = Script(wait_before=30)
    for _ in range(2):
        with pytest.raises(ModelUnavailable):
            embed_passages(["a"])
    assert len(endpoint.requests) == 2
    endpoint.requests.clear()
    config.install(replace(config.current(), previous_embedding_model="the-other"))
    for _ in range(3):
        with pytest.raises(ModelUnavailable) as caught:
            embed_passages(["a"])
        assert caught.value.is_passing
    assert len(endpoint.requests) == 1

    endpoint.script = Script()
    present = config.current().embedding_model
    use(endpoint, "another-at-the-same-address")
    assert len(embed_passages(["a"])) == 1, "it is asked"
    use(endpoint, present)
    assert embed_question("Why?") is not None, "a question waits no longer than ever"
    [model] = embedding._silent_until
    embedding._silent_until[model] = time.monotonic()  # the while is over
    assert len(embed_passages(["a"])) == 1


def test_a_model_that_fails_is_asked_again_by_whoever_comes_next(endpoint: FakeEndpoint) -> None:
    endpoint.script = Script(status=500)
    with pytest.raises(ModelUnavailable):
        embed_passages(["a"])
    endpoint.script = Script()
    assert len(embed_passages(["a"])) == 1 and len(endpoint.requests) == 2


def test_vectors_of_another_width_are_refused(endpoint: FakeEndpoint) -> None:
    use(endpoint, "intfloat/multilingual-e5-large")
    with pytest.raises(ModelUnavailable):
        embed_passages(["a"])


def test_without_an_endpoint(settings: Settings) -> None:
    config.install(settings)
    assert embed_question("Why?") is None
    with pytest.raises(ModelUnavailable):
        embed_passages(["a"])
