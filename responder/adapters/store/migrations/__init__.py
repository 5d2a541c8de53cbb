"""How the tables came to be, revision by revision; a revision is never changed once it was released."""
