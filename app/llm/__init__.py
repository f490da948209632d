"""The only place that talks to a model, and the only one that knows the openai package.

`client` is the way in: `chat` streams (read in the thread of `background`), `embedding` makes
vectors, `errors` turns the vendor's faults into sentences. `profiles` says which models there are
and what each can do; `prompts/` holds what they are told, one file each.
"""
