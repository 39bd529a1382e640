"""The harm Gantry protects from, done to a real portal at work on a real terraform."""
