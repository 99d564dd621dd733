"""From a file that somebody brings to the input of a network.

``gate.open_picture`` turns untrusted bytes into a picture, in a helper process (``helper``, which
runs ``decoder``); ``prepare.prepare`` turns that picture, step by step, into pixels such as the
network was trained on: ``route`` tells photos from sketches, ``photo`` and ``sketch`` know what to
do with each. Nothing here knows of Streamlit or TensorFlow.
"""
