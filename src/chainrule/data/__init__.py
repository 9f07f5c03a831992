"""Data: where samples come from, how they are checked, split, scaled, and dealt out in batches.

bundled    digits(), real handwritten digits that need no network
arrows     arrows(), made up, whose labels do not survive being mirrored
sources    load_images(folder), find_data(name)
idx        read_idx, write_idx
dataset    Dataset: arrays for training and for testing
scenes     scenes, scene_windows: pictures of several objects, for networks that find them
splits     train_validation_split, split_indices, fold_indices for cross-validation
order      permutation, the seeded shuffle under all of these
batches    epoch_order, Blocks, batches
moments    mean_and_deviation, of numbers of any size
scaling    scale_images, unscale_images
checks     check_samples, check_finite, check_labels, check_batch_size

What people bring, imported where it is used:

tables       read_csv, read_parquet, as_table: rows of named columns
pictures     read_pictures: folders of pictures
archives     read_npy, read_npz: NumPy's files
stored       store, stored: data larger than memory
downloads    download(name): full data sets from the network
whole_files  files that are written whole or not at all, and text whose damage is noticed
reading      read_source(path), read_records(data): whatever of these a path holds
prepared     the inputs of records, in memory or in files
records      what is read, with or without answers, before anything is scaled or encoded
missing_file what is said of a file that is not there
unpacking    how much compressed data may become
failures     which of some records cannot be used, and why
preparation  how records become a network's numbers, and its outputs answers
"""

from chainrule.data.arrows import arrows
from chainrule.data.batches import Blocks, batches, epoch_order
from chainrule.data.bundled import digits
from chainrule.data.checks import check_batch_size, check_finite, check_labels, check_samples
from chainrule.data.dataset import Dataset
from chainrule.data.idx import read_idx, write_idx
from chainrule.data.order import permutation
from chainrule.data.scaling import scale_images, unscale_images
from chainrule.data.scenes import Scenes, scene_windows, scenes
from chainrule.data.sources import find_data, load_images
from chainrule.data.splits import Fold, Split, fold_indices, split_indices, train_validation_split

__all__ = [
    "Blocks",
    "Dataset",
    "Fold",
    "Scenes",
    "Split",
    "arrows",
    "batches",
    "check_batch_size",
    "check_finite",
    "check_labels",
    "check_samples",
    "digits",
    "epoch_order",
    "find_data",
    "fold_indices",
    "load_images",
    "permutation",
    "read_idx",
    "scale_images",
    "scene_windows",
    "scenes",
    "split_indices",
    "train_validation_split",
    "unscale_images",
    "write_idx",
]
