"""The model that ships with the package, trusted by what it is. Written by `responder train --shipped`."""

CARD_SHA256 = "8d14b8cfca49016d96fa4129a65ed9f37dcc6fa210b3c2bf2f68b117f1f2e210"
