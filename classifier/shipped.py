"""The model that ships with the package, trusted by what it is. Written by `responder train --shipped`."""

CARD_SHA256 = "fd2cc23a90ef17a4caaebb925c00a9d17c39b7987c3196c5a57153223d7d84d0"
