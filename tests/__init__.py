"""The tests. Their folders mirror those of src/chainrule; what several of them share lies here."""
