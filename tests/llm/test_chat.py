"""Streams of a chat model: pieces, usage, time limits, faults, and being broken off."""

import time
from collections.abc import Iterator

import pytest

from app.llm.client import ChatMessage, Delta, Limits, ModelUnavailable, stream_chat
from app.llm.profiles import ChatProfile, Tier
from tests.llm.fake_endpoint import MODEL, FakeEndpoint, Script, fake_endpoint

QUESTION: list[ChatMessage] = [{"role": "user", "content": "Why?"}]
QUICK = Limits(connect=1, first_token=0.6, between_tokens=0.4, whole=5)


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    with fake_endpoint() as endpoint:
        yield endpoint


def profile(endpoint: FakeEndpoint) -> ChatProfile:
    return ChatProfile("test-model", Tier.CAPABLE, endpoint.url, "key", answer_tokens=50)


def ask(endpoint: FakeEndpoint, limits: Limits = QUICK) -> list[Delta]:
    return list(stream_chat(profile(endpoint), QUESTION, limits))


def test_pieces_come_in_order_and_usage_last(endpoint: FakeEndpoint) -> None:
    deltas = ask(endpoint)
    assert "".join(delta.text for delta in deltas) == "There is one list [1]."
    usage = deltas[-1].usage
    assert usage is not None
    assert (usage.model, usage.prompt_tokens, usage.completion_tokens) == (MODEL, 100, 20)
    assert endpoint.requests[0]["max_tokens"] == 50


def test_without_usage_the_model_is_still_named(endpoint: FakeEndpoint) -> None:
    endpoint.script = Script(usage=False)
    usage = ask(endpoint)[-1].usage
    assert usage is not None
    assert (usage.model, usage.completion_tokens) == (MODEL, None)


def test_an_endpoint_of_another_dialect_is_asked_plainly_and_remembered(
    endpoint: FakeEndpoint,
) -> None:
    endpoint.script = Script(refuses=("max_tokens",))
    assert "".join(delta.text for delta in ask(endpoint)) == "There is one list [1]."
    ask(endpoint)
    assert ["max_tokens" in request for request in endpoint.requests] == [True, False, False]


@pytest.mark.parametrize(
    ("script", "sentence", "is_passing"),
    [
        (Script(status=401), "The model is not set up rightly.", False),
        (Script(status=404), "The model is not set up rightly.", False),
        (Script(status=429), "The model is busy.", True),
        (Script(status=500), "The model did not reply.", True),
        (Script(status=503), "The model did not reply.", True),
        (Script(hang_after=0), "The model did not reply.", True),
        (Script(wait_before=30), "The model did not reply.", True),
        (Script(pieces=()), "The model did not reply.", True),
        (Script(die_after=0), "The model did not reply.", True),
        (Script(hang_after=2), "The model broke off.", True),
        (Script(die_after=2), "The model broke off.", True),
    ],
)
def test_a_fault_becomes_a_sentence(
    endpoint: FakeEndpoint, script: Script, sentence: str, is_passing: bool
) -> None:
    endpoint.script = script
    began = time.monotonic()
    with pytest.raises(ModelUnavailable) as caught:
        ask(endpoint)
    assert caught.value.sentence == sentence
    assert caught.value.is_passing is is_passing
    assert time.monotonic() - began < 20


def test_nobody_listening_is_said_at_once() -> None:
    nobody = ChatProfile("m", Tier.CAPABLE, "http://127.0.0.1:9", "k")
    with pytest.raises(ModelUnavailable, match="APIConnectionError"):
        list(stream_chat(nobody, QUESTION, QUICK))


def test_a_silent_model_leaves_signs_of_life(endpoint: FakeEndpoint) -> None:
    endpoint.script = Script(wait_before=2.5)
    deltas = ask(endpoint, Limits(first_token=5))
    assert deltas[0] == deltas[1] == Delta()


@pytest.mark.parametrize("taken", [0, 2])
def test_breaking_off_reaches_the_model(endpoint: FakeEndpoint, taken: int) -> None:
    """Before the first token and in the middle: the server sees that nobody reads any more."""
    endpoint.script = Script(hang_after=2) if taken else Script(wait_before=30)
    stream = stream_chat(profile(endpoint), QUESTION)
    for _ in range(max(taken, 1)):
        next(stream)
    stream.close()
    assert endpoint.left.wait(2)
