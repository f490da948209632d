"""From a file to what search reads: `extraction`, which runs `readers` in the child process of
`sandbox`; then `steps` (pages, `chunking`, words in `postings`) and `deepening` (vectors).
"""
