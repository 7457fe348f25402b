"""Matrix factorisation in which a user is the sum of what they did."""
