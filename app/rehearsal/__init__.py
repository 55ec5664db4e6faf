"""Days of a city rehearsed in injected time: its rules tried through the house's own code, on a database of its own."""
