"""The embedded servers and the sample mail of `responder demo`."""
