"""The roof: what knows the web framework, the job queue, the scheduler, the environment and its processes."""
