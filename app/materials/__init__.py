"""Course materials: files in, pages out, and the right passage found for a question.

In: `views` and `catalogue` take a file into `storage`; `jobs` have it read by `extraction`, which
runs `readers/` inside the child process of `sandbox`. Then `indexing` (pages, `chunking`, words in
`postings`) and `deepening` (vectors, a batch at a time).

Out: `search` fuses `postings` and `vectors`; `coverage` says whether they answer the question.
`source` shows one page, `rendering` and `marking` its text.
"""
