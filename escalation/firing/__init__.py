"""What happens when a step is due: found, judged, people told, written down, exactly once (R13 to R19)."""
