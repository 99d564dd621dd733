"""A run as a plain Keras script, and the same as a notebook.

``write`` puts the text together from a run's config, part by part; ``cells`` makes a script or a
notebook of it; ``form`` adds the weights. What comes out imports nothing of Atelier.
"""
