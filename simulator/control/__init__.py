"""What tests steer it by, under /_simulator: clock, faults, limits, money and the log."""
