"""The ground floor: what every layer may use, and nothing of Gantry's own domain."""
