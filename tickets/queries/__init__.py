"""Reading tickets: lists, search, one ticket whole, what a follower sees. Nothing here changes a row."""
