"""What the daemon and the commands do, one module per step. Transactions begin and end here only."""
