"""What a bill would be with other services and other usage: rated as bills are, and never kept."""
