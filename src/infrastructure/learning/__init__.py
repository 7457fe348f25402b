"""Features, training and serving of learned models, and the folders they are kept in."""
