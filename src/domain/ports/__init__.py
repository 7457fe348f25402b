"""What the domain needs of the outside world, as protocols grouped by what they are for."""
