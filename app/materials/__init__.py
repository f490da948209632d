"""Course materials: files in, pages out, and the right passage found for a question.

In: `views` and `uploading` take a file into `files`, `catalogue` into the course; `jobs` have it
read and made findable by `indexing`.

Out: `search`, the one function, of the parts in `retrieval`; `source` shows one page. Who may see
what is said once, in `visibility`.
"""
