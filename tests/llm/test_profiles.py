"""Tiers and budgets by the model's name; nothing is used that was not named."""

from dataclasses import replace

import pytest

from app.config import Settings
from app.llm.profiles import (
    OPENAI_URL,
    Tier,
    chat_profile,
    embedding_profile,
    embedding_profile_of,
)


def named(settings: Settings, name: str | None) -> Settings:
    return replace(settings, openai_base_url="http://127.0.0.1:9/v1", chat_model=name)


@pytest.mark.parametrize(
    ("name", "tier", "most_prompt"),
    [
        ("smollm2-135m-instruct", Tier.TINY, 500),
        ("smollm2", Tier.TINY, 500),
        ("qwen2.5-coder-0.5b", Tier.TINY, 500),
        ("qwen2.5-coder-1.5b", Tier.CAPABLE, 600),
        ("qwen2.5-coder-1.5b-instruct-q4_k_m", Tier.CAPABLE, 600),
        ("Qwen/Qwen2.5-72B-Instruct", Tier.CAPABLE, 3000),
        ("gpt-4o-mini", Tier.CAPABLE, 3000),
        ("local-model", Tier.CAPABLE, 3000),
    ],
)
def test_tier_by_name(settings: Settings, name: str, tier: Tier, most_prompt: int) -> None:
    profile = chat_profile(named(settings, name))
    assert profile.tier is tier
    assert 0 < profile.prompt_tokens <= most_prompt
    assert profile.prompt_tokens + profile.answer_tokens < profile.context_tokens


def test_nothing_is_used_unnamed(settings: Settings) -> None:
    assert chat_profile(settings).tier is Tier.NONE
    assert chat_profile(named(settings, None)).tier is Tier.NONE
    assert chat_profile(replace(settings, openai_api_key="sk-x")).tier is Tier.NONE
    paid = replace(settings, openai_api_key="sk-x", chat_model="gpt-4o-mini")
    assert chat_profile(paid).base_url == "https://api.openai.com/v1"


def test_short_name_fits_its_column(settings: Settings) -> None:
    assert chat_profile(named(settings, "Qwen/Qwen2.5-72B")).short_name == "Qwen2.5-72B"
    assert len(chat_profile(named(settings, "x" * 90)).short_name) == 50


def test_the_key_is_never_printed(settings: Settings) -> None:
    profile = chat_profile(replace(named(settings, "m"), openai_api_key="sk-secret"))
    assert "sk-secret" not in repr(profile)


def test_embedding_widths(settings: Settings) -> None:
    assert embedding_profile(settings).dimensions == 384
    assert not embedding_profile(settings).is_connected
    large = replace(settings, embedding_api_key="k", embedding_model="text-embedding-3-large")
    assert embedding_profile(large).asked_dimensions == 1536
    assert embedding_profile(large).is_connected


def test_the_previous_embedding_model_has_an_endpoint_of_its_own_or_the_present_one(
    settings: Settings,
) -> None:
    both = replace(
        settings,
        embedding_base_url="https://models.example.org/v1",
        embedding_api_key="present",
        embedding_model="bge-m3",
        previous_embedding_model="nomic-embed-text",
    )
    previous = embedding_profile_of("nomic-embed-text", both)
    assert (previous.base_url, previous.api_key) == ("https://models.example.org/v1", "present")
    assert previous.dimensions == 768
    assert embedding_profile_of("bge-m3", both) == embedding_profile(both)
    assert not embedding_profile_of("older-still", both).is_connected

    own = replace(both, previous_embedding_base_url="http://127.0.0.1:9/v1")
    previous = embedding_profile_of("nomic-embed-text", own)
    assert (previous.base_url, previous.api_key) == ("http://127.0.0.1:9/v1", "none")
    paid = replace(both, previous_embedding_api_key="old")
    previous = embedding_profile_of("nomic-embed-text", paid)
    assert (previous.base_url, previous.api_key) == (OPENAI_URL, "old")
