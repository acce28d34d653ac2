"""The simulator's inside: objects, keys, faults, limits, the clock, events and their delivery."""
