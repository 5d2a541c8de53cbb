"""Real servers on loopback, and a proxy that puts faults between them and us."""
