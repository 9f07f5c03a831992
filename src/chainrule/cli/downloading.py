"""The command data get: a full data set, from the network or from where it was put before."""

from __future__ import annotations

import json
import sys

from chainrule.data import load_images
from chainrule.data.downloads import download
from chainrule.messages import Message
from chainrule.messages.paragraph import print_paragraph

_FETCHING = Message("downloading.fetching", en="Fetching {file} ...", zh="正在获取 {file} ……")
_THERE = Message(
    "downloading.there",
    en="{name}: {training:,} training and {test:,} test images in {folder}.",
    zh="{name}：{folder} 中有 {training:,} 张训练图像和 {test:,} 张测试图像。",
)
_NEXT = Message(
    "downloading.next", en="Train with them: chainrule train {folder}", zh="用它们训练：chainrule train {folder}"
)


def run(name: str, folder: str | None, *, as_json: bool, quiet: bool) -> int:
    """Download a set unless it is there, say what it holds, and give the exit code."""

    def tell(file: str) -> None:
        if not quiet:
            print_paragraph(_FETCHING(file=file), sys.stderr)

    place = download(name, folder, told=tell)
    data = load_images(place, name)
    if as_json:
        print(json.dumps({"name": name, "folder": str(place), "training": len(data.x_train), "test": len(data.x_test)}))
        return 0
    print_paragraph(_THERE(name=name, training=len(data.x_train), test=len(data.x_test), folder=place))
    if not quiet:
        print_paragraph(_NEXT(folder=place))
    return 0
