"""Judging: replay, value, gate and payout as pure functions on frozen data; no clock, no database."""
