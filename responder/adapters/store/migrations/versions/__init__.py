"""The revisions, oldest first; each stands for itself and imports nothing of the schema of today."""
