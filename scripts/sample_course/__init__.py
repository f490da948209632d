"""Sets the sample course's reader (PDF) and slides (PPTX) from their Markdown sources.

python -m scripts.sample_course

Needs the development packages. What it writes is committed, so nobody else has to run it.
"""
