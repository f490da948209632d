"""Makes a follow-up question searchable by itself: what "it" is, the question before it says. Pure.

No model is asked. A question that names its subject is left as it is; one that leans on what was
said (a pronoun without a noun, "and for tuples?", "another example") gets the subject words of the
question before. Ours: rules for English, Spanish, German and French, held by a list of real
follow-ups in `tests/tutor/test_followups.py`.
"""

import re
from collections.abc import Sequence

from app.materials.retrieval.normalisation import fold
from app.tutor.evidence.wording import terms

MOST_TOPIC_WORDS = 10
SHORT = 2
"""A question of so few words that say something may lean by a word that is often an article."""
CONNECTED = 4
"""A question that begins with "and" leans if it says no more than this by itself."""

_BEGINNINGS = re.compile(
    r"^(?:and|but|or|so|then|also|what about|how about|what if|same for|y|pero|o|entonces|que tal|"
    r"que hay de|que pasa con|und|aber|oder|also|was ist mit|wie ist es mit|wie sieht es|"
    r"et|mais|ou|alors|qu en est il|e)\b"
)
_PRONOUNS = frozenset(
    "it they them he she him itself themselves ello ellos ellas esos esas ihn ihm ihnen davon "
    "dafur damit dabei darin daran dazu daruber darauf dagegen deshalb ils elles ca cela "
    "ceci".split()
)
"""Lean unless an earlier clause of the question has a noun for them."""
_POINTING = frozenset(
    "this that these those its their one ones other others former latter such here there eso esto "
    "esta este estos estas otro otra otros otras alli dies diese dieser dieses diesen andere "
    "anderen dort celui celle ceux celles autre autres".split()
)
"""Lean where nothing that says something stands before them."""
_OFTEN_ARTICLES = frozenset("es das sie er lo la le il elle en su sus ihre ihr sein seine".split())
_ABOUT_THE_ANSWER = frozenset(
    "example examples detail details more again simpler simply shorter longer summary summarise "
    "summarize code further else another clearer elaborate continue exactly instead really ejemplo "
    "ejemplos detalle detalles mas simple resumen codigo otra vez beispiel beispiele einfacher "
    "genauer kurzer noch mehr mal nochmal zusammenfassung exemple exemples encore resume happens "
    "happen work works true funciona sirve pasa geht funktioniert passiert marche important "
    "significa bedeutet heisst veut dire genau "
    "importante wichtig useful necessary faster slower better worse different".split()
)
"""Ask for more of what was said, or say something of it, and name no subject."""
_SMALL = frozenset(
    "please thanks ok okay yes no me you i come algo hay qui quoi je ich du wir man kann konnen "
    "puedes puede dame explica erklare gib mir bitte tu peux donne moi por favor eine einen einem "
    "einer den dem des denn da so nicht kein keine ne pas se al del son era fue war waren wird "
    "werden hat haben sont etait a au aux too very much many lot still gut sehr muy without before "
    "after between than ohne nach vor bei uber sin sobre entre desde sans avec apres avant sur "
    "para quoi cuales cuanto cuantos welche welcher welches wieso weshalb woher quel quelle quels "
    "quelles combien diferente kannst konnt geben nennen zeigen donner montrer dar decir".split()
)
_PLEONASTIC = re.compile(
    r"\bit (?:is |was )?(?:\w+ )?(?:\w+ )?(?:to|that|if|when|mean|means|rain\w*|take|takes)\b|"
    r"\b(?:is|was|does|would|can) it (?:\w+ ){1,2}(?:to|that|for \w+ to|when|if)\b|"
    r"\bgibt es\b|\bes gibt\b"
)
_PREPOSITIONS = frozenset(
    "for in with without on at para con sin en fur bei mit ohne pour avec".split()
)
_ASKS = frozenset(
    "what which who why how when where is are was were does do did can could should explain define "
    "describe compare que como cual cuando donde quien es son puede explica was wie warum welche "
    "wer wann wo ist sind kann erklare quel quelle comment pourquoi est sont qui quoi".split()
)
_THAT_IS_SAID = re.compile(
    r"\bthat(?: (?:is|was|does|do|did|would|can|means?|works?|happens?|so|one|true)\b.*)?$"
)
_CLAUSES = re.compile(
    r"[,;:.?!\n]+|\b(?:and|but|when|if|because|while|so|than|y|pero|cuando|si|porque|und|aber|"
    r"wenn|weil|et|mais|quand|parce)\b",
    re.IGNORECASE,
)


def standalone(question: str, earlier: Sequence[str]) -> str:
    """What to search for: the question, with the subject of the `earlier` ones (newest first) if
    it does not name one itself; "why?" and "another example" are searched as the one before."""
    if not earlier or not leans(question):
        return question
    before = standalone(earlier[0], earlier[1:])
    if not _own_words(question):
        return before
    topic = _topic(before, question)
    return f"{topic}: {question}" if topic else question


def leans(question: str) -> bool:
    """Whether a question says too little alone to be searched by itself."""
    words, says = fold(question).split(), _own_words(question)
    if not says:
        return True
    if _BEGINNINGS.match(" ".join(words)) and len(says) <= CONNECTED:
        return True
    if len(says) <= SHORT and words[0] in _PREPOSITIONS and not _ASKS & set(words):
        return True
    if len(says) <= SHORT and _OFTEN_ARTICLES & {words[-1]}:
        return True
    return _points_back(question)


def _points_back(question: str) -> bool:
    """Whether a pronoun stands in the question that nothing in it explains."""
    text = _PLEONASTIC.sub(" ", question.lower())
    named_before = False
    for clause in _CLAUSES.split(text):
        named_here = False
        for word in fold(clause).split():
            if word in _PRONOUNS and not named_before:
                return True
            if word in _POINTING and not (named_before or named_here):
                return not _is_conjunction(word, clause)
            named_here = named_here or _says_something(word)
        named_before = named_before or named_here
    return False


def _is_conjunction(word: str, clause: str) -> bool:
    """ "That" before a noun or a pronoun begins a clause: "know that a list is empty"."""
    return word == "that" and not _THAT_IS_SAID.search(clause.strip())


def _own_words(question: str) -> list[str]:
    return [word for word in fold(question).split() if _says_something(word)]


def _says_something(word: str) -> bool:
    known = _PRONOUNS | _POINTING | _OFTEN_ARTICLES | _ABOUT_THE_ANSWER | _SMALL | _PREPOSITIONS
    return word not in known and word not in _ASKS and bool(terms(word))


def _topic(before: str, question: str) -> str:
    """The subject words of a question as they stand there, without those that the next one has."""
    there = set(terms(question))
    words = re.findall(r"[^\W_]+(?:[-'’+#][^\W_]*)*", before)
    topic = [
        word
        for word in dict.fromkeys(words)
        if any(map(_says_something, fold(word).split())) and not set(terms(word)) <= there
    ]
    return " ".join(topic[:MOST_TOPIC_WORDS])
