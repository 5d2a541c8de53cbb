"""Text in, prediction out. Knows no mail; usable alone."""
