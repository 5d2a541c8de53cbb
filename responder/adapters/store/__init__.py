"""The store: SQLAlchemy Core over SQLite or PostgreSQL, one code for both; its migrations lie beside it."""

from responder.adapters.store.engine import open_store

__all__ = ["open_store"]
