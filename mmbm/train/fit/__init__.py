"""What is fitted once the encoders are trained: the tables by which trust judges a case."""
