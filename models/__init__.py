"""What Gantry keeps: one module per noun, tables and the selects over them."""
