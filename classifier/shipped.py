"""The model that ships with the package, trusted by what it is. Written by `responder train --shipped`."""

CARD_SHA256 = "94ae50549e8bd8c6d5cbe38492bd5cf6ea9d97bd6276d9ff1867dbc888d011d2"
