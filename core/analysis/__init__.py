"""What can be said of a data set without a run: the images and their labels themselves."""
