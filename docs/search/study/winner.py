# Trial 126 of hyperband on report, seed 0: value 1.0000.

from collections import OrderedDict

import tinygrad5329 as tg
from tinygrad5329 import nn
from tinygrad5329.search.networks.blocks import LastState
from tinygrad5329.training.models import initialise_kaiming

# The architecture:
# {
#   "extractor": "recurrent",
#   "layers": [
#     {
#       "width": 128,
#       "activation": "tanh",
#       "normalisation": "batch",
#       "form": "plain"
#     }
#   ],
#   "dropout": 0.2,
#   "optimizer": "adamw",
#   "adamw_lr": 0.020563250887742225,
#   "weight_decay": 0.005128295378665819,
#   "schedule": "constant"
# }
model = nn.Sequential(
    OrderedDict(
        front=nn.Sequential(
            OrderedDict(tokens=nn.Unflatten(1, (4, 16)), state=LastState(16, 64)),
        ),
        layer1=nn.Sequential(
            OrderedDict(
                linear=nn.Linear(64, 128),
                norm=nn.BatchNorm1d(128),
                activation=nn.Tanh(),
                dropout=nn.Dropout(p=0.2),
            )
        ),
        head=nn.Linear(128, 10),
    )
)
initialise_kaiming(model)

if __name__ == "__main__":
    print(tg.summary(model, tg.zeros(8, 64)))
