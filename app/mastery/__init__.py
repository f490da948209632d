"""The learner model: pure arithmetic, no Flask, no SQL, no language model.

`irt` predicts and learns, `shown` turns beliefs into the figure that people see, `evidence` says
which answers count and for how much, `choosing` orders the questions that may come next.
"""
