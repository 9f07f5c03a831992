"""Where are the digits, and which? A classifier of single digits is moved over whole pictures as one convolution.

Pictures of 96 × 96 pixels hold three to five handwritten digits at random places. A network with convolutions and a
dense head learns from windows of 28 × 28 pixels to tell ten digits from background: empty ground, or parts of digits.
Made fully convolutional, it gives a map of scores of a whole picture at once; boxes are put where it is sure.

The network, the windows and the threshold were chosen on digits of the training part that were set aside.

It prints

    195 digits in 50 new pictures
    found                         97 %
    false detections per picture  0.1
"""

import chainrule as cr
from chainrule import nn

BACKGROUND = 10

digits = cr.data.digits()
train = cr.data.scenes(digits.x_train, digits.y_train, 1000, seed=1)
x, y = cr.data.scene_windows(train, background=BACKGROUND, shifts=2, seed=2)

model = cr.Model(
    nn.Sequential([
        nn.Rescaling(1 / 255),
        nn.Conv2D(12, 5, activation="relu"),
        nn.MaxPool2D(2),
        nn.Conv2D(24, 5, activation="relu"),
        nn.MaxPool2D(2),
        nn.Flatten(),
        nn.Dense(64, "relu"),
        nn.Dropout(0.3),
        nn.Dense(11),
    ])
)  # fmt: skip
rate = cr.optim.OneCycle(0.004)
model.fit(x, y, optimizer=cr.optim.Adam(rate), epochs=4, batch_size=64, verbose=0)

new = cr.data.scenes(digits.x_test, digits.y_test, 50)
found = cr.inspect.localize(model, new.images, background=BACKGROUND, threshold=0.7)
rates = cr.inspect.detection_rates(found, new)
print(f"{rates.objects} digits in {rates.pictures} new pictures")
print(f"found                         {100 * rates.recall:.0f} %")
print(f"false detections per picture  {rates.false_per_picture:.1f}")
