"""Measurements that anyone can repeat: `make bench`. README.md says how."""
