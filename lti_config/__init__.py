"""Everything that knows LTI's wire: the rest of the house sees `Launch` and plain values.

A launch is checked in `verification` (the order of the Security Framework 5.1.3), on top of
PyLTI1p3 in `pylti`. Services: `services` (tokens and HTTP), `ags`, `deep_linking`.
"""
