"""The embedded model servers as the application meets them: through the openai package."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from scripts import model_registry
from scripts.probes import answers, free_port
from scripts.setup_steps import CLONE, MODELS
from tests.scripts.helpers import eventually

KEY = "only-for-this-run"


def serve(*arguments: str) -> tuple[subprocess.Popen[bytes], int]:
    port = free_port()
    command = [sys.executable, "-m", "scripts.model_server", *arguments, "--port", str(port)]
    env = {**os.environ, "COURSELLM_MODEL_SERVER_KEY": KEY}
    process = subprocess.Popen(command, cwd=CLONE, env=env)
    eventually(lambda: process.poll() is not None or answers(f"http://127.0.0.1:{port}/health"))
    return process, port


def client(port: int, key: str = KEY) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=key, max_retries=0)


@pytest.fixture(scope="module", params=["query", "passage"])
def embeddings(request: pytest.FixtureRequest) -> Iterator[openai.OpenAI]:
    process, port = serve("embeddings", "--modality", request.param)
    yield client(port)
    process.terminate()
    process.wait()


def vector(embeddings: openai.OpenAI, *texts: str) -> list[list[float]]:
    answer = embeddings.embeddings.create(model="multilingual-e5-small", input=list(texts))
    return [item.embedding for item in answer.data]


def test_a_text_that_comes_again_gets_the_same_vector(embeddings: openai.OpenAI) -> None:
    first, again = vector(embeddings, "What is a heap?"), vector(embeddings, "What is a heap?")
    assert first == again
    assert len(first[0]) == 384
    assert vector(embeddings, "What is a heap?", "A heap is a tree.")[0] == pytest.approx(
        first[0], abs=1e-6
    )


@pytest.fixture(scope="module")
def chat() -> Iterator[int]:
    file: Path = MODELS / f"{model_registry.SMALL.name}.gguf"
    if not file.exists():
        pytest.skip("the set-up has not fetched the small chat model")
    process, port = serve("chat", "--file", str(file), "--alias", model_registry.SMALL.name)
    yield port
    process.terminate()
    process.wait()


def test_the_chat_server_streams_under_its_alias(chat: int) -> None:
    stream = client(chat).chat.completions.create(
        model=model_registry.SMALL.name,
        messages=[{"role": "user", "content": "Say hello."}],
        max_tokens=8,
        stream=True,
        stream_options={"include_usage": True},
    )
    parts = list(stream)
    assert "".join(part.choices[0].delta.content or "" for part in parts if part.choices)
    assert parts[-1].usage is not None
    assert 0 < parts[-1].usage.completion_tokens <= 8


def test_nobody_without_the_key_is_answered(chat: int) -> None:
    with pytest.raises(openai.AuthenticationError):
        client(chat, "another").models.list()
