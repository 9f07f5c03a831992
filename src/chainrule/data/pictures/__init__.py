"""Pictures: files and folders of them, decoded with care, as a network takes them.

decoding   decode, measure: pixels from bytes that anybody may have sent
records    Pictures: paths, bytes or pixels, decoded when they are needed
folders    read_pictures, pictures_within
inputs     PictureInputs: of one size, gray or in colors
digits     DigitInputs: handwritten digits as MNIST has them
"""

from chainrule.data.pictures.decoding import decode
from chainrule.data.pictures.digits import DigitInputs
from chainrule.data.pictures.folders import pictures_within, read_pictures
from chainrule.data.pictures.inputs import PictureInputs
from chainrule.data.pictures.records import Pictures

__all__ = ["DigitInputs", "PictureInputs", "Pictures", "decode", "pictures_within", "read_pictures"]
