"""What machines ask about our state: health and metrics."""
