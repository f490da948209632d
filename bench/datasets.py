"""The retrieval data sets of `../shared/data`: passages, questions, and which answer which."""

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parents[2] / "shared/data/retrieval"


@dataclass(frozen=True, slots=True)
class DataSet:
    """Passages by id as (title, text), questions by id, and the ids of a question's answers."""

    name: str
    language: str
    passages: dict[str, tuple[str, str]]
    questions: dict[str, str]
    answers: dict[str, frozenset[str]]


def read(name: str, language: str) -> DataSet | None:
    """The data set; None where it is not at hand."""
    folder = DATA / name
    if not folder.is_dir():
        return None
    corpus = {row["id"]: (row["title"], row["text"]) for row in _rows(folder / "corpus.jsonl")}
    questions = {row["id"]: row["text"] for row in _rows(folder / "queries.jsonl")}
    answers = defaultdict(set)
    for line in (folder / "qrels.tsv").read_text().splitlines():
        question, passage, _ = line.split("\t")
        answers[question].add(passage)
    return DataSet(
        name, language, corpus, questions, {key: frozenset(ids) for key, ids in answers.items()}
    )


def _rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text().splitlines()]
