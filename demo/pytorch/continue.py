# Goes on with a training of tempograd on any number of processes, as one large batch, and writes a checkpoint that tempograd
# resumes:
#
#   torchrun --nproc_per_node 4 --max_restarts 3 demo/pytorch/continue.py FILE --save OTHER --steps 5000
#
# (demo/guides/cluster.md says more.)
# Each process computes its rows of every batch; DistributedDataParallel averages the gradients, over NCCL where there are GPUs, else
# over Gloo. The first one reads the checkpoint and the text, and writes. A worker that ends is started again by torchrun, and
# all go on from what was saved last.

import argparse
import json
import os
import sys

try:
    import torch
    import torch.distributed as distributed
    from torch import nn
    from torch.nn.functional import cross_entropy, one_hot
except ImportError:
    sys.exit("continue.py: this Python has no PyTorch, expected 1.13 or newer; install it (Debian: python3-torch).")

from checkpoint import DAMAGED, MODULES, Checkpoint, Refused, Windows, read_file, refuse, write_file

class CharacterModel(nn.Module):
    """A recurrent module on one-hot symbols, and a linear one on each of its steps."""

    def __init__(self, network):
        super().__init__()
        self.symbols = network["inputs"]
        choice = {"nonlinearity": network.get("activation", "tanh")} if network["cell"] == "elman" else {}
        self.rnn = MODULES[network["cell"]](self.symbols, network["hidden"], network["layers"], **choice)
        self.head = nn.Linear(network["hidden"], network["outputs"])
        # A gate of tempograd's has one bias, bias_ih; the candidate of a GRU has two.
        for layer in range(network["layers"]):
            bias = getattr(self.rnn, f"bias_hh_l{layer}")
            if network["cell"] == "gru":
                learns = torch.zeros_like(bias)
                learns[2 * network["hidden"] :] = 1
                bias.register_hook(lambda gradient, learns=learns: gradient * learns.to(gradient.device))
            else:
                bias.requires_grad_(False)

    def forward(self, inputs):
        hidden, _ = self.rnn(one_hot(inputs, self.symbols).float())
        return self.head(hidden)


def names_in_file(model):
    """The parameters by the names that a file has for them."""
    return {name[4:] if name.startswith("rnn.") else name: value for name, value in model.named_parameters()}


def own_name(name):
    """What tempograd calls a parameter of PyTorch's, and whether it is transposed; no name where it does not learn there."""
    if name.startswith("head."):
        return ("outputWeight", True) if name == "head.weight" else ("outputBias", False)
    kind, _, layer = name.rpartition("_l")
    own = {"weight_ih": "inputWeight", "weight_hh": "recurrentWeight", "bias_ih": "bias", "bias_hh": "recurrentBias"}
    return f"layer{layer}.{own[kind]}", kind.startswith("weight")


def optimizer_of(checkpoint, parameters):
    kind = checkpoint.settings["optimizer"]
    options = {"lr": checkpoint.trainer["learningRate"], "weight_decay": checkpoint.number("weight-decay") or 0.0}
    if kind in ("adam", "adamw"):
        return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[kind](parameters, eps=1e-8, **options)
    if kind == "rmsprop":
        return torch.optim.RMSprop(parameters, alpha=0.99, eps=1e-8, **options)
    return torch.optim.SGD(parameters, momentum=0.0 if kind == "sgd" else 0.9, nesterov=kind == "nesterov", **options)


def state_kinds(kind):
    """What a checkpoint calls each part of an optimizer's state, and what PyTorch does."""
    if kind == "rmsprop":
        return {"meanSquare": "square_avg"}
    if kind in ("adam", "adamw"):
        return {"mean": "exp_avg", "meanSquare": "exp_avg_sq"}
    return {} if kind == "sgd" else {"velocity": "momentum_buffer"}


class Training:
    def __init__(self, checkpoint, device):
        self.checkpoint = checkpoint
        self.model = CharacterModel(checkpoint.network).to(device)
        self.parameters = names_in_file(self.model)
        self.learning = {name: value for name, value in self.parameters.items() if value.requires_grad}
        self.optimizer = optimizer_of(checkpoint, self.learning.values())
        self.kinds = state_kinds(checkpoint.settings["optimizer"])
        with torch.no_grad():
            for name, value in self.parameters.items():
                value.copy_(self.taken(name, value.shape))
            for name, value in self.learning.items():
                state = self.optimizer.state[value]
                state["step"] = torch.tensor(float(checkpoint.step)) if "mean" in self.kinds else checkpoint.step
                for own, theirs in self.kinds.items():
                    state[theirs] = self.state_from(own, name, value)

    def taken(self, name, shape):
        tensor = self.checkpoint.tensors.get(name)
        if tensor is None or tensor.shape != shape:
            got = "is missing" if tensor is None else f"is {list(tensor.shape)}"
            refuse(f'tensor "{name}"', got, str(list(shape)), DAMAGED)
        return tensor

    def state_from(self, kind, name, parameter):
        own, transposed = own_name(name)
        full = torch.zeros_like(parameter)
        place = full[-self.checkpoint.network["hidden"] :] if own.endswith("recurrentBias") else full
        shape = place.t().shape if transposed else place.shape
        tensor = self.taken(f"trainer.{kind}.{own}", shape)
        place.copy_(tensor.t() if transposed else tensor)
        return full

    def tensors(self):
        """For a file: parameters, then the optimizer's state."""
        tensors = dict(self.parameters)
        for kind, theirs in self.kinds.items():
            for name, value in self.learning.items():
                own, transposed = own_name(name)
                state = self.optimizer.state[value][theirs]
                if own.endswith("recurrentBias"):
                    state = state[-self.checkpoint.network["hidden"] :]
                tensors[f"trainer.{kind}.{own}"] = state.t() if transposed else state
        return tensors


def options():
    parser = argparse.ArgumentParser(prog="continue.py", description="Goes on with a training of tempograd on many processes.")
    parser.add_argument("file", help="a checkpoint that npm run train -- --data FILE.txt --save wrote")
    parser.add_argument("--save", required=True, help="where the checkpoint goes that tempograd resumes")
    parser.add_argument("--steps", type=int, help="training steps in all, as of npm run train (default: as the checkpoint says)")
    parser.add_argument("--data", help="the text (default: where the checkpoint says)")
    parser.add_argument("--every", type=int, default=100, help="steps from one checkpoint to the next (default 100)")
    parser.add_argument("--json", action="store_true", help="print step and loss of each step, an object a line")
    return parser.parse_args()


def begin(given, rank):
    """The checkpoint's bytes and the text's: the first process reads them, for all. After a restart, what was saved last."""
    read = [None]
    if rank == 0:
        try:
            restarted = int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0)) > 0 and os.path.exists(given.save)
            data = read_file(given.save if restarted else given.file)
            checkpoint = Checkpoint(data)
            read = [(data, read_file(given.data or checkpoint.settings.get("data", "")))]
            if not restarted:
                write_file(given.save, data)
        except (Refused, OSError) as error:
            read = [error]
    distributed.broadcast_object_list(read)
    if isinstance(read[0], Exception):
        raise read[0]
    return read[0]


def train(given, rank, world, device):
    data, text = begin(given, rank)
    checkpoint = Checkpoint(data)
    steps = given.steps or int(checkpoint.settings["steps"])
    windows = Windows(checkpoint.tokens(text), checkpoint.position)
    if steps < checkpoint.step:
        refuse("--steps", f"is {steps}", f"{checkpoint.step} or more: that many are done", "give more")
    if windows.batch < world:
        refuse("the checkpoint", f"has a batch of {windows.batch}", f"a row for each of {world} processes", "start fewer processes")
    training = Training(checkpoint, device)
    model = nn.parallel.DistributedDataParallel(training.model, device_ids=[device.index] if device.type == "cuda" else None)
    first, behind = windows.batch * rank // world, windows.batch * (rank + 1) // world
    clip_norm, clip_value = checkpoint.number("clip-norm"), checkpoint.number("clip-value")
    smoothing = checkpoint.network.get("labelSmoothing", 0)
    learning = list(training.learning.values())
    say = print if rank == 0 else lambda *_, **__: None
    for step in range(checkpoint.step + 1, steps + 1):
        inputs, targets = windows.next()
        logits = model(inputs[:, first:behind].to(device))
        rows = cross_entropy(logits.flatten(0, 1), targets[:, first:behind].flatten().to(device), reduction="sum", label_smoothing=smoothing)
        share = rows / targets.numel()
        training.optimizer.zero_grad(set_to_none=True)
        (share * world).backward()  # of which the mean over processes is the gradient of the batch
        loss = share.detach()
        distributed.all_reduce(loss)
        norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(value.grad) for value in learning]))
        if not bool(torch.isfinite(loss + norm)):
            refuse(f"step {step}", "has a loss or gradients that are not finite", "finite numbers", "lower the learning rate; what was saved before is there")
        if clip_norm is not None:
            nn.utils.clip_grad_norm_(learning, clip_norm)
        if clip_value is not None:
            nn.utils.clip_grad_value_(learning, clip_value)
        training.optimizer.param_groups[0]["lr"] = checkpoint.rate(step, steps)
        training.optimizer.step()
        if given.json:
            say(json.dumps({"step": step, "loss": loss.item()}), flush=True)
        elif step % given.every == 0 or step == steps:
            say(f"step {step} of {steps}, loss {loss.item():.4f}", flush=True)
        if rank == 0 and (step % given.every == 0 or step == steps):
            write_file(given.save, checkpoint.after(step, steps, training.tensors(), windows.random))


def main():
    given = options()
    if "RANK" not in os.environ:
        sys.exit("continue.py: was started alone, expected torchrun; start it as torchrun --nproc_per_node 1 continue.py …")
    cuda = torch.cuda.is_available()
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"])) if cuda else torch.device("cpu")
    if cuda:
        torch.cuda.set_device(device)
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False  # float32, as tempograd computes
    distributed.init_process_group("nccl" if cuda else "gloo")
    rank = distributed.get_rank()
    try:
        train(given, rank, distributed.get_world_size(), device)
    except Refused as error:
        if rank == 0:
            print(f"continue.py: {error}", file=sys.stderr, flush=True)
        sys.exit(2)
    distributed.destroy_process_group()


main()
