"""Load from outside: a web as `make run` starts it, and senders that keep their connections."""
