"""Expected money: how pending cashback ends by its age, when members may expect it, what the next
1sts will cost, and which shop rejects unlike itself. The only room where probabilities are floats;
they move no money."""
