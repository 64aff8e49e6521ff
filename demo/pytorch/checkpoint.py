# Checkpoints of `npm run train -- --data FILE.txt --save FILE`, read and written; what of them PyTorch can go on with; and the
# batches that such a training draws.

import hashlib
import json
import math
import os
import struct

import torch


class Refused(Exception):
    """What is not understood, in a line with a cure."""


def refuse(what, got, expected, cure):
    raise Refused(f"{what} {got}, expected {expected}; {cure}.")


def read_file(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        refuse(str(path), f"cannot be read ({error.strerror})", "a file", "give its path")


def write_file(path, data):
    """Beside the file, then in its place: who is killed here leaves what was there."""
    part = f"{path}.{os.getpid()}.part"
    with open(part, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


DAMAGED = "the file is damaged, train and save it again"


def parse(data):
    """Metadata, and tensors of float32 by their names, of a safetensors file."""
    try:
        (length,) = struct.unpack("<Q", data[:8])
        header = json.loads(data[8 : 8 + length])
        metadata = header.pop("__metadata__")
        tensors = {}
        for name, entry in header.items():
            start, end = (8 + length + offset for offset in entry["data_offsets"])
            values = torch.frombuffer(bytearray(data[start:end]), dtype={"F32": torch.float32}[entry["dtype"]])
            tensors[name] = values.reshape(entry["shape"])
        return metadata, tensors
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError, struct.error) as error:
        refuse("the checkpoint", f"is no safetensors file of float32 ({error})", "one of npm run train", DAMAGED)


def serialise(metadata, tensors):
    header, offset = {"__metadata__": metadata}, 0
    for name, tensor in tensors.items():
        size = 4 * tensor.numel()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    values = (tensor.detach().cpu().contiguous().numpy().astype("<f4").tobytes() for tensor in tensors.values())
    return struct.pack("<Q", len(text)) + text + b"".join(values)


MODULES = {"elman": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}
# By what npm run train calls them, what the library does.
OPTIMIZERS = {"sgd": "sgd", "momentum": "sgd", "nesterov": "sgd", "rmsprop": "rmsprop", "adam": "adam", "adamw": "adamw"}
OPTIONS = (
    *("loss", "initializer", "recurrentInitializer", "seed", "layers", "bidirectional", "labelSmoothing", "dropout"),
    *("inputs", "outputs", "input", "readout", "cell", "hidden", "forgetBias", "activation", "reset"),
)


class Checkpoint:
    """What a file says, checked. `settings` are the options of `npm run train`, by their names."""

    def __init__(self, data):
        self.metadata, self.tensors = parse(data)
        if self.metadata.get("format") != "tempograd" or self.metadata.get("version") != "1":
            refuse("the checkpoint", "is of another program or version", "tempograd's, version 1", "save it by npm run train")
        try:
            self.network = json.loads(self.metadata["network"])
            self.trainer = json.loads(self.metadata["trainer"])
            self.position = json.loads(self.metadata["data"])
            self.about = json.loads(self.metadata["about"])
            self.settings = dict(arg[2:].partition("=")[::2] for arg in self.about["args"])
            self.symbols = self.about["trainedOn"]["symbols"]
            self.step = self.trainer["step"]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            refuse("the checkpoint", f"lacks {error}", "a training that npm run train -- --save wrote", "save it by that")
        self.expect_known()

    def expect_known(self):
        """Refuses by name what is not computed here."""
        network, settings, trainer = self.network, self.settings, self.trainer

        def expect(holds, got, expected):
            if not holds:
                refuse("the checkpoint", f"has {got}", expected, "train such a one, or go on in tempograd")

        stream = self.position.get("stream") if isinstance(self.position, dict) else None
        task, tokens, optimizer = (settings.get(name) for name in ("task", "tokens", "optimizer"))
        expect(task == "text", f"task {task}", "text: a character model of --data FILE.txt")
        expect(tokens == "characters", f"tokens of {tokens}", "characters")
        expect("window" not in settings, "truncated BPTT (--window)", "windows of --length")
        expect(stream == "randomWindows", f"batches of {stream}", "randomWindows")
        expect(network.get("cell") in MODULES, f"cell {network.get('cell')}", "elman, gru or lstm")
        expect(network.get("reset") != "before", "a GRU that resets before the product", "one that resets after it")
        expect(network.get("dropout") == 0, f"dropout {network.get('dropout')}", "none, whose masks would be others here")
        expect(network.get("bidirectional") is False, "layers of both directions", "one direction")
        for name, value in (("loss", "cross-entropy"), ("input", "tokens"), ("readout", "every-step")):
            expect(network.get(name) == value, f"{name} {network.get(name)}", value)
        further = [name for name in network if name not in OPTIONS]
        expect(not further, f"a network with {', '.join(further)}", "none of that")
        expect(optimizer in OPTIMIZERS, f"optimizer {optimizer}", ", ".join(OPTIMIZERS))
        expect(trainer.get("optimizer") == OPTIMIZERS[optimizer], f"the state of {trainer.get('optimizer')}", OPTIMIZERS[optimizer])
        expect("trainable" not in trainer, "frozen parameters", "parameters that all learn")
        expect("learningRates" not in trainer, "learning rates by parameter", "one rate")
        expect("trainer.lossScaling" not in self.tensors, "mixed precision", "single precision")

    def number(self, name):
        """A setting that is a number; None where it is said to be none."""
        value = self.settings.get(name, "none")
        return None if value == "none" else float(value)

    def rate(self, step, steps):
        """The learning rate at a step, from 1, of so many."""
        schedule = self.settings.get("schedule-lr")
        base = self.trainer["learningRate"]
        if schedule == "constant":
            return base
        if schedule == "warm-up":
            return base * min(1, step / math.ceil(steps / 10))
        if schedule == "cosine":
            return base * (1 + math.cos(math.pi * min(1, (step - 1) / steps))) / 2
        if schedule == "step":
            return base * 0.1 ** ((step - 1) // math.ceil(steps / 3))
        refuse("the checkpoint", f"has the learning-rate schedule {schedule}", "constant, warm-up, cosine or step", DAMAGED)

    def tokens(self, data):
        """The text's tokens that are learned from: all but the last tenth."""
        marked = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        try:
            text = data.decode("utf-16" if marked else "utf-8-sig")
        except UnicodeDecodeError:
            refuse("the text", "is no UTF-8", "the text that was trained on", "give that file by --data")
        own = self.about.get("own") or {}
        if hashlib.sha256(text.encode()).hexdigest() != own.get("digest"):
            refuse("the text", "is another", f"that which was trained on, {own.get('name')}", "give that file by --data")
        numbers = {symbol: token for token, symbol in enumerate(self.symbols)}
        tokens = torch.tensor([numbers.get(symbol, numbers.get("\ufffd", -1)) for symbol in text])
        tokens = tokens[: len(tokens) - math.floor(len(tokens) * 0.1 + 0.5)]
        given = self.position["given"]
        if len(tokens) != given["tokens"] or bool((tokens < 0).any()):
            refuse("the text", "is not as the checkpoint says", f"{given['tokens']} known characters to learn from", DAMAGED)
        return tokens

    def after(self, step, steps, tensors, random):
        """The file at a later step: weights and the optimizer's state, and where the next batch comes from."""
        text = lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        args = [arg for arg in self.about["args"] if not arg.startswith("--steps=")] + [f"--steps={steps}"]
        metadata = {
            **self.metadata,
            "data": text({**self.position, "random": random}),
            "about": text({**self.about, "args": args}),
            "trainer": text({**self.trainer, "step": step}),
        }
        return serialise(metadata, tensors)


def signed(word):
    return word - 2**32 if word >= 2**31 else word


class Windows:
    """Draws what tempograd's randomWindows draws: xoroshiro128+ (Blackman and Vigna 2018) in words of 32 bits, as pure-rand has it."""

    def __init__(self, tokens, position):
        given = position["given"]
        self.tokens, self.steps, self.batch = tokens, given["steps"], given["batch"]
        self.words = [word & 0xFFFFFFFF for word in position["random"]]

    @property
    def random(self):
        return [signed(word) for word in self.words]

    def draw(self):
        """A word from 0 to below 2³²."""
        mask = 0xFFFFFFFF
        s01, s00, s11, s10 = self.words
        out = (s00 + s10) & mask
        a0, a1 = s10 ^ s00, s11 ^ s01
        self.words = [
            ((s01 << 24) ^ (s00 >> 8) ^ a1 ^ ((a1 << 16) | (a0 >> 16))) & mask,
            ((s00 << 24) ^ (s01 >> 8) ^ a0 ^ (a0 << 16)) & mask,
            ((a0 << 5) ^ (a1 >> 27)) & mask,
            ((a1 << 5) ^ (a0 >> 27)) & mask,
        ]
        return (signed(out) + 2**31) & mask

    def start(self):
        size = len(self.tokens) - self.steps  # as many places as a window may begin at
        most = 2**32 // size * size if size > 2 else 2**32
        value = self.draw()
        while value >= most:
            value = self.draw()
        return value % size

    def next(self):
        """Inputs and targets [steps, batch] of the next batch."""
        starts = torch.tensor([self.start() for _ in range(self.batch)])
        at = starts + torch.arange(self.steps).unsqueeze(1)
        return self.tokens[at], self.tokens[at + 1]
