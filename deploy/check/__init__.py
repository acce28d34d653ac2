"""`make deploy-check`: does what docs/deploying.md says, in a room of its own."""
