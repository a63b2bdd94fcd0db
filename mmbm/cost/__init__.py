"""Cost: what a machine takes to score cases, in time, memory and energy."""
