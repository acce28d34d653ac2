"""What must be so of the money, whatever happened: named, counted, and told of with examples."""
