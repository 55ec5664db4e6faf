"""Live updates: one greenlet asks the database what changed, every open browser is told what it may know of."""
