"""Messages between a runner and its jailed process: fixed heads, bounded bodies, plain numbers and text.

Orders go in: a head `ORDER` and a body. Answers come back: a head `ANSWER` and a body whose size the head
must state within the bounds below. The runner believes nothing of an answer but its form.
"""

from __future__ import annotations

import struct

ORDER = struct.Struct("<4sIIQ")
"""kind, two numbers, bytes of the body"""
ANSWER = struct.Struct("<4sIIQ")
"""kind, two numbers, bytes of the body"""

# Orders.
LOAD = b"LOAD"  # number: cars; body: the source in UTF-8
SCAN = b"SCAN"  # body: the source; answered by faults, nothing of it runs
ROWS = b"ROWS"  # numbers: cars, objects; body: see `params.Columns.packed`
LINE = b"LINE"  # numbers: car, 1 for an episode's first call; body: one params object as JSON

# Answers.
READY = b"REDY"  # the lock is on
VALUES = b"VALS"  # numbers: car, calls; body: that many float64. Of LINE: 1 for a float, 2; reward, seconds
FAULT = b"FALT"  # numbers: car, call; body: FAULT_BODY
SAID = b"SAID"  # body: what was printed, at most SAID_BYTES of UTF-8
DONE = b"DONE"  # the order is carried out, or given up after a fault

FAULT_BODY = struct.Struct("<iI500s")
"""line (0 where unknown), class of the fault, UTF-8 text padded with zeros"""
SAID_BYTES = 65_536
MOST_FAULTS = 50

RAISED, WARNING, SYNTAX, SIGNATURE, OVERTIME, NUMBER = range(6)
"""classes of faults"""
