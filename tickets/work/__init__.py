"""Work on a ticket: the one table of moves, and the stories told with it."""
