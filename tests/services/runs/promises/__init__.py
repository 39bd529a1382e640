"""A model of queue, lock and states, and the machine that does the same to it and to Gantry."""
