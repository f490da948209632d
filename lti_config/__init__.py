"""Everything that knows LTI's wire: the rest of the house sees `Launch` and plain values.

To be read in this order:

- *A launch:* `login` → `states` → `keysets` → `verification` (the order of the Security Framework
  5.1.3) with `message`, `roles`, `claims` → `launch`, the value that comes out; `waiting` for a
  browser that has not proved itself, `denials` for what a platform posts in place of a token,
  `storage` and `facts` beside it. `pylti` is PyLTI1p3 where it is right; docs/decisions/0005 says
  where it is not, and what stands above it.
- *Who may launch:* `registrations`, `switches`, `invitations`, `issuers`, `discovery`,
  `dynamic_registration`, `tool` (what we say of ourselves), `moving`, `health`.
- *Services:* `addresses` and `http` (where we go, and how), `keys` and `sealing` (our own),
  `tokens`, `services`; then `ags`, `line_items`, `outcomes`, `paging` (grades), `nrps` (members),
  `deep_linking` (links), `probe` (the connection check).
- `platforms`: quirks, a file for each LMS, each with its reason. `texts`, `errors`, `steps`: tools.
"""
