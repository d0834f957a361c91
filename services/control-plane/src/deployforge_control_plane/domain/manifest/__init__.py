"""The manifest: text to a tree with places, the tree against the schema, the valid tree to its canonical form.

Nothing is built from a text before it has passed the limits, and every problem that is found says where it is.
"""
