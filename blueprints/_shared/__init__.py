"""What every blueprint uses: who asks, how to answer, how to refuse."""
