# PyTorch's half of the benchmark's engine: answers each line of JSON with one.
# {"open": FILE} lays out a problem, {"run": COUNT} takes training steps on it.

import json
import struct
import sys


def say(**answer):
    print(json.dumps(answer), flush=True)


try:
    import torch
    from torch import nn
    from torch.nn import functional
except ImportError:
    say(missing="torch")
    sys.exit()

backend = sys.argv[1]
if backend == "cuda" and not torch.cuda.is_available():
    say(missing="cuda")
    sys.exit()

# float32, as the others compute: TF32 has 10 bits of mantissa.
torch.backends.cudnn.allow_tf32 = False
torch.backends.cuda.matmul.allow_tf32 = False

MODULES = {"elman": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
TYPES = {"F32": torch.float32, "I32": torch.int32}


def read_safetensors(path):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    begin = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:begin])
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        start, end = (begin + offset for offset in entry["data_offsets"])
        values = torch.frombuffer(data[start:end], dtype=TYPES[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"]).to(backend)
    return metadata, tensors


class Problem:
    def __init__(self, path):
        metadata, tensors = read_safetensors(path)
        options = json.loads(metadata["problem"])
        hidden, symbols = options["hidden"], options["symbols"]
        self.inputs = functional.one_hot(tensors.pop("inputs").long(), symbols).float()
        self.targets = tensors.pop("targets").long().flatten()
        self.network = nn.ModuleDict(
            {"rnn": MODULES[options["cell"]](symbols, hidden), "head": nn.Linear(hidden, symbols)}
        ).to(backend)
        own = {name if name.startswith("head.") else f"rnn.{name}": value for name, value in tensors.items()}
        self.network.load_state_dict(own)
        # A gate has one bias to learn; the candidate of a GRU has two.
        bias = self.network["rnn"].bias_hh_l0
        if options["cell"] == "gru":
            learns = torch.zeros_like(bias)
            learns[2 * hidden :] = 1
            bias.register_hook(lambda gradient: gradient * learns)
        else:
            bias.requires_grad_(False)
        learning = [value for value in self.network.parameters() if value.requires_grad]
        self.optimizer = torch.optim.SGD(learning, lr=options["learningRate"])

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        hidden, _ = self.network["rnn"](self.inputs)
        logits = self.network["head"](hidden).flatten(0, 1)
        loss = functional.cross_entropy(logits, self.targets)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def run(self, count):
        losses = torch.stack([self.step() for _ in range(count)])
        if backend == "cuda":
            torch.cuda.synchronize()
        return losses.tolist()


say(version=torch.__version__)
problem = None
for line in sys.stdin:
    question = json.loads(line)
    try:
        if "open" in question:
            problem = Problem(question["open"])
            say(opened=True)
        else:
            losses = problem.run(question["run"])
            say(losses=losses, bytes=torch.cuda.memory_allocated() if backend == "cuda" else None)
    except Exception as error:
        say(failed=str(error))
