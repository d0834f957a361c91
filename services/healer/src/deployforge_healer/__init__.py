"""The healer mends drift, by proposing a plan."""
