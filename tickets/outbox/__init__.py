"""What we must send: rows written with the change that causes them, claimed, and what became of them."""
