"""From a file that somebody brings to the input of a network.

``gate`` turns untrusted bytes into a picture; ``prepare`` turns that picture, step by step, into
pixels such as the network was trained on. Nothing here knows of Streamlit or TensorFlow.
"""

from core.imaging.gate import Picture, open_picture
#from core.imaging.prepare import Prepared, Step, prepare

#__all__ = ["Picture", "Prepared", "Step", "open_picture", "prepare"]
