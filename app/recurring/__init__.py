"""Work that comes again by itself: what fails is told and counted, what hangs is ended."""
