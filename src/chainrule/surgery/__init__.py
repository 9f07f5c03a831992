"""Models in another form with the same parameters: cut open, merged, made convolutional."""
