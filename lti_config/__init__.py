"""What knows LTI's wire, and nothing else: the rest of the house sees `Launch` and plain values.

To be read in this order:

- *A launch:* `login` → `states` → `keysets` → `verification` (the order of the Security Framework
  5.1.3) with `message`, `approval`, `roles`, `claims` → `launch`, the value that comes out.
  `denials`: what a platform posts in place of a token; `storage`: where it keeps things for a
  browser; `facts`: what a launch tells of its connection. `pylti` is PyLTI1p3 where it is right;
  docs/decisions/0005 says where it is not, and what stands above it.
- *Being registered:* `tool` (what we say of ourselves), `discovery` with `issuers`,
  `dynamic_registration`.
- *Services:* `addresses` and `http` (where we go, and how), `keys` and `sealing` (our own),
  `tokens`, `services`; then `outcomes` and `paging` with `ags` and `line_items` (grades), `nrps`
  (members), `deep_linking` (links).
- `platforms`: quirks, a file for each LMS, each with its reason. `texts`, `errors`: tools.

Who is registered, what is switched on, how it is doing, and what is kept of its keys and tokens:
`app.connections`.
"""
