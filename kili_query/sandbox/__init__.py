"""A local server that speaks the service's protocol: so far its guard, its faults, and its misbehaviour."""
