"""Partner shops: who they are, where they stand in the catalogue, whether they take part."""
