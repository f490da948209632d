"""The LMSs that are connected: how they come in, what is switched on, how each is doing.

- `registrations`: our client ids, added by hand or by invitation; `invitations`: who may do so.
- `switches`: registrations, deployments and schools, approved, off and on again.
- `health`: when each last worked and what last went wrong.
- `key_sets`: the platforms' keys, `tokens`: access to their services, kept for all workers;
  `connecting`: the way there.

What is said on the wire knows `lti_config` alone.
"""
