"""What Gantry does: one module per noun, one function per verb. Knows no HTTP."""
