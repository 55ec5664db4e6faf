"""The scheduler process: who leads, which time is believed, and what each tick does. Its meaning is in the rooms."""
