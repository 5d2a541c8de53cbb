"""How the sentence encoder was made: offline only, needs torch. Nothing here is imported at run time."""
