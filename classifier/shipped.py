"""The model that ships with the package, trusted by what it is. Written by `responder train --shipped`."""

CARD_SHA256 = "8da6eb9a4c0c7bf16a404aa33cfeb57ad5a06355c3456f09ab2bbcb1301efc99"
