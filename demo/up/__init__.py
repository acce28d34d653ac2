"""`make run`: start every part of the product on one machine, watch them, stop them in order."""
