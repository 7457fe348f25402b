"""Two towers: one reads what somebody did, the other what an item is, and near vectors go together."""
