"""The arena: campaigns that a crowd improves, from an assignment to a paid lot."""
