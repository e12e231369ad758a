"""Database and content store: the only door to what is kept."""
