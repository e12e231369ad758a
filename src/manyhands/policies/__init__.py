"""Policies: networks as pure functions over a dict of arrays, and their files."""
