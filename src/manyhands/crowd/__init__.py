"""Scripted players: what they do, and a client that does it over the public API like a browser."""
