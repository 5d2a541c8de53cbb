"""The ports' concrete sides: IMAP, SMTP, templates, store."""
