"""Where a matter belongs: the rules as rows, read together, and the decision they lead to."""
