"""Other people's recommenders on our split, each library in an environment of its own, judged by our measures."""
