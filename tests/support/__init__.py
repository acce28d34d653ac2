"""The machinery under tests/conftest.py: real servers, a clean database, a real browser."""
