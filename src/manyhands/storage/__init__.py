"""Database and content store: the only door to what is kept."""

from manyhands.storage.content import ContentStore
from manyhands.storage.database import Database, open_database
from manyhands.storage.writer import GroupWriter

__all__ = ["ContentStore", "Database", "GroupWriter", "open_database"]
