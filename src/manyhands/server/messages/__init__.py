"""The messages in both directions, a module for each area: the only source of the protocol.

Requests are strict, bounded and closed (an unknown field is an error); answers are closed as well, so the
OpenAPI document that is made from these files is the whole truth. TypeScript types and the tables of
`docs/protocol.md` are generated from it.

Conventions: `*_micro` is integer micro-credits (1 cr = 1,000,000), `*_at` is a UTC time in RFC 3339,
`*_s` seconds, scores are fractions of the reference driver's mean progress on the same starts.
"""
