"""Signals and the systems that change them: what convolution is before it is a layer."""
