"""The environment of `make run`: defaults, and one sentence for each mistake."""

from pathlib import Path

import pytest

from scripts import model_registry
from scripts.errors import CannotStart
from scripts.options import read_options


def test_defaults() -> None:
    options = read_options({})
    assert options.data_dir == Path("var").absolute()
    assert (options.url, options.lms_url) == ("http://localhost:8000", "http://127.0.0.1:8001")
    assert options.chat_weights is model_registry.SMALL
    assert options.chat_name == "smollm2-135m-instruct"
    assert options.is_demo


def test_the_public_address_follows_the_port() -> None:
    assert read_options({"PORT": "8010"}).url == "http://localhost:8010"
    assert not read_options({"COURSELLM_URL": "https://tutor.example.edu/"}).is_demo


def test_a_model_by_name_by_file_and_by_address(tmp_path: Path) -> None:
    assert read_options({"MODEL": "qwen2.5-coder-1.5b"}).chat_name == "qwen2.5-coder-1.5b"
    file = tmp_path / "my-model.gguf"
    file.touch()
    by_file = read_options({"COURSELLM_CHAT_MODEL_FILE": str(file)})
    assert (by_file.chat_file, by_file.chat_name, by_file.chat_weights) == (file, "my-model", None)
    environ = {"OPENAI_BASE_URL": "https://llm.example/v1", "COURSELLM_CHAT_MODEL": "big"}
    by_address = read_options(environ)
    assert (by_address.chat_name, by_address.chat_weights) == ("big", None)


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"PORT": "http"}, "PORT=http is not a number"),
        ({"DEMO_LMS_PORT": "70000"}, "DEMO_LMS_PORT=70000 is not a number between"),
        ({"MODEL": "gpt-17"}, "MODEL=gpt-17 is not known"),
        ({"MODEL": "qwen2.5-coder-1.5b", "OPENAI_BASE_URL": "http://x"}, "choose one"),
        ({"COURSELLM_CHAT_MODEL_FILE": "/no/such.gguf"}, "is not a file"),
        ({"PORT": "8001"}, "both 8001"),
    ],
)
def test_mistakes_are_named(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(CannotStart, match=sentence):
        read_options(environ)
