"""The tutor: a question, the pages that answer it, and the answer written from them.

A question: `asking` has it searched and keeps it with the card that `evidence/` builds from the
passages, by plain rules. `writing` then lets a model write from the card's sources, if `policy`
allows one: `answers/` prepares the sources, reads which of them are really cited and makes HTML
of the text; `tries` keeps the outcome. `streaming` tells it to the browser as it happens.

What is kept: `conversations` and `turns`; `shown` makes of it what the page needs.
"""
