"""Runs: from what a training is told to a folder that holds its result, and that can be gone on with and used.

setting        what one setting may be, and what is said about it
configuration  all settings, by section
settings       configurations from files and from "section.key=value"; their schema; a commented example
"""
