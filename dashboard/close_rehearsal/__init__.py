"""What a day's closes would take and come to, said before, and held against what happened."""
