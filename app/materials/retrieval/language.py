"""Guesses the language of a text by its script and its commonest words, for the word index."""

import re
from collections import Counter
from collections.abc import Collection

from app.materials.retrieval.normalisation import fold

SIMPLE = "simple"
SAMPLE = 20_000

_BY_SCRIPT = (
    ("greek", "\u0370-\u03ff"),
    ("arabic", "\u0600-\u06ff"),
    ("armenian", "\u0530-\u058f"),
    ("hindi", "\u0900-\u097f"),
    ("tamil", "\u0b80-\u0bff"),
    ("russian", "\u0400-\u04ff"),
    (SIMPLE, "\u3040-\u30ff\u4e00-\u9fff\u0e00-\u0e7f\uac00-\ud7af\u0590-\u05ff"),
)
# PostgreSQL's configuration: words that are frequent in it and rare in the others.
_BY_WORDS = {
    "english": "the and of is that with are this for was you have from they which",
    "spanish": "el la los las del de en y que una por con para como es pero sus",
    "portuguese": "de os das dos não uma com para mais como são pela ao também que",
    "french": "de la et les des est dans une pour qui sur pas avec sont cette aux plus",
    "italian": "di la il che della di gli una per con sono nel più anche alla dei",
    "german": "der die und das ist nicht ein eine mit den von auf für sich werden",
    "dutch": "het een van de niet zijn voor met dat op aan worden ook",
    "danish": "og det at er en ikke af til som på der for med jeg",
    "norwegian": "og det er som på ikke til av en med jeg har de ble",
    "swedish": "och att det som är på inte för med av den har ett till",
    "finnish": "ja on ei että se oli hän mutta myös ovat kun joka",
    "hungarian": "az és hogy nem egy van volt meg már csak ez de",
    "romanian": "de la și că este nu în cu pe din care sunt mai pentru",
    "turkish": "ve bir bu için ile olarak daha çok olan gibi değil da",
    "catalan": "de la els les amb que una per són també però seva dels hi",
    "indonesian": "yang dan di untuk dengan adalah ini dari pada tidak dalam akan",
}
# What questions begin with.
_ASKED_WITH = {
    "english": "what which how why when where who does do is are can",
    "spanish": "qué cuál cuáles cómo dónde cuándo quién cuánto",
    "portuguese": "que qual quais como onde quando quem quanto",
    "french": "que quel quelle comment où quand qui pourquoi qu est ce",
    "italian": "che cosa quale come dove quando chi perché quanto",
    "german": "was wie warum wann welche welcher wer wo wozu woher",
    "dutch": "wat hoe waarom wanneer welke wie waar",
}
_WORDS = {language: frozenset(words.split()) for language, words in _BY_WORDS.items()}
_OF_QUESTIONS = {
    language: frozenset(fold(f"{words} {_ASKED_WITH.get(language, '')}").split())
    for language, words in _BY_WORDS.items()
}
_LETTERS = re.compile(r"[^\W\d_]+")
_ENOUGH = 0.08
_HEARD = 0.03


def text_configuration(text: str) -> str | None:
    """The name of PostgreSQL's text search configuration for `text`; None if it cannot be told.

    `simple` is for languages that PostgreSQL has no word forms of.
    """
    sample = text[:SAMPLE].lower()
    letters = sum(character.isalpha() for character in sample)
    for language, script in _BY_SCRIPT:
        if len(re.findall(f"[{script}]", sample)) > 0.4 * max(letters, 1):
            return language
    words = Counter(_LETTERS.findall(sample))
    total = sum(words.values())
    shares = {name: sum(words[w] for w in common) for name, common in _WORDS.items()}
    best = max(shares, key=lambda name: shares[name])
    sure = len(_WORDS[best] & words.keys()) > 1 and shares[best] >= _ENOUGH * total
    return best if sure else None


def likeliest(question: str, configurations: Collection[str]) -> str | None:
    """The one of a course's languages that more of the question's words are common in than in any
    other; None for a course of one language, and where that cannot be told.

    A question is short: among a few languages one word tells what among all of them it does not.
    """
    words = set(fold(question).split())
    found = {name: len(_OF_QUESTIONS.get(name, frozenset()) & words) for name in configurations}
    most = max(found.values(), default=0)
    best = [name for name, count in found.items() if count == most]
    return best[0] if most and len(best) == 1 and len(found) > 1 else None


def speaks(text: str, language: str) -> bool:
    """Whether words that are common in the language alone stand in the text as they do in its own:
    a list of names, of which the language cannot be told, is in no other one for that."""
    words = Counter(_LETTERS.findall(text[:SAMPLE].lower()))
    common = sum(words[word] for word in _WORDS.get(language, ()))
    return common >= _HEARD * max(words.total(), 1)
