"""The model that ships with the package, trusted by what it is. Written by `responder train --shipped`."""

CARD_SHA256 = "f0651da05b6e49388e0d160ab74c6878151af6ad0552bcea7a1649d232fba46b"
