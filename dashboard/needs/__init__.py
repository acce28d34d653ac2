"""What needs a person: found by the clock, kept until it is settled, taken and noted by people."""
