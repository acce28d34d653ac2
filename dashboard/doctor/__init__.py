"""What is the matter with an installation, and what to do about it: `flask doctor` and its page."""
