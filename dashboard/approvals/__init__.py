"""Four eyes: above a limit one person proposes to move money, and a second approves it."""
