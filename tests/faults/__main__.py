"""`python -m tests.faults` is the campaign."""

from tests.faults.campaign import main

main()
