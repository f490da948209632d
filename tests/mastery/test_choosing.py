"""The order in which questions come."""

from datetime import UTC, datetime, timedelta

from app.mastery.choosing import Candidate, in_order, reason

NOW = datetime(2026, 3, 10, tzinfo=UTC)


def test_unseen_first_then_the_longest_unseen() -> None:
    old = Candidate("old", 0.7, NOW - timedelta(days=9))
    recent = Candidate("recent", 0.7, NOW)
    unseen = Candidate("unseen", 0.1)
    assert [c.item_id for c in in_order([recent, old, unseen], "a")] == ["unseen", "old", "recent"]


def test_among_unseen_the_chance_nearest_to_seventy_percent() -> None:
    items = [Candidate("easy", 0.97), Candidate("right", 0.72), Candidate("hard", 0.2)]
    assert [c.item_id for c in in_order(items, "a")] == ["right", "easy", "hard"]


def test_equal_questions_come_in_another_order_for_another_student() -> None:
    items = [Candidate(str(i), 0.7) for i in range(12)]
    orders = {tuple(c.item_id for c in in_order(items, f"student {n}")) for n in range(5)}
    assert len(orders) > 1
    assert in_order(items, "a") == in_order(list(reversed(items)), "a")


def test_every_choice_says_why() -> None:
    sentences = {
        reason(Candidate("a", 0.7)),
        reason(Candidate("b", 0.1)),
        reason(Candidate("c", 0.7, NOW)),
    }
    assert len(sentences) == 3
    assert all(sentence.endswith(".") for sentence in sentences)
