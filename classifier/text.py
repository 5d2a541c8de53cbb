"""How a mail's subject and new text become the one text the model reads, the same in training and serving."""


def compose_text(subject: str, text: str) -> str:
    """Subject, a blank line, the text; either may be empty."""
    return f"{subject.strip()}\n\n{text.strip()}".strip()
