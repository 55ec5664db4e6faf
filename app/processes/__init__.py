"""The processes of a node: how each starts, says that it lives, and is started again. What they do is elsewhere."""
