"""Programs for whoever works on Gantry; none of them is part of the portal."""
