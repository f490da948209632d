"""Scores to the LMS and back.

- *Which score:* `windows` (dates), `scoring` (pure), `columns` (the answers and the line item),
  `rescoring` (when what counts has changed).
- *On its way:* `outbox` (what is wanted) → `slots` (whose turn, and when) → `drains` (a run) →
  `delivery` (one score: take, send, settle) → `sending` (the talk with the LMS, no database).
- *Columns:* `places` (where one belongs), `seeking` (find or make it). *Back:* `reading`.
- *Shown:* `receipts` (the learner's and the teacher's words), `overview` (the page of grades).
"""
