"""Exports models of PyTorch as ONNX files, as its own exporter writes them, beside what PyTorch computes for one input.

Run:  python record_models.py OUT_DIR      (needs torch; recorded by Debian's python3-torch 1.13)

Of each model there is NAME.onnx, and NAME.json: the inputs by name and the outputs by name, each { shape, data } in row-major
order. What a model is stands in its class.
"""
import json, os, sys
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class Tagger(nn.Module):
    """Tokens, an embedding, recurrent layers and a linear layer of every step."""

    def __init__(self, rnn, vocabulary, width, outputs, bias=True, tied=False):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.rnn = rnn
        self.head = nn.Linear(rnn.hidden_size * (2 if rnn.bidirectional else 1), outputs, bias=bias)
        if tied:
            self.head.weight = self.embedding.weight

    def forward(self, tokens):
        return self.head(self.rnn(self.embedding(tokens))[0])


class Regressor(nn.Module):
    """Features, and a linear layer of every step."""

    def __init__(self, rnn, outputs):
        super().__init__()
        self.rnn = rnn
        self.head = nn.Linear(rnn.hidden_size * (2 if rnn.bidirectional else 1), outputs)

    def forward(self, x):
        return self.head(self.rnn(x)[0])


class LastOfOutputs(Regressor):
    """The linear layer reads the output of the last step; probabilities come out."""

    def forward(self, x):
        out, _ = self.rnn(x)
        return torch.softmax(self.head(out[:, -1] if self.rnn.batch_first else out[-1]), dim=-1)


class LastOfAnswers(Regressor):
    """The answer of the last step, a number."""

    def forward(self, x):
        return self.head(self.rnn(x)[0])[:, -1].squeeze(-1)


class Classifier(Tagger):
    """The linear layer reads the final hidden states of both directions."""

    def forward(self, tokens):
        _, (h, _) = self.rnn(self.embedding(tokens))
        return self.head(torch.cat([h[-2], h[-1]], dim=1))


class Padded(Tagger):
    """Sequences of lengths of their own, packed, and their last hidden states."""

    def forward(self, tokens, lengths):
        packed = pack_padded_sequence(self.embedding(tokens), lengths, batch_first=self.rnn.batch_first)
        _, (h, _) = self.rnn(packed)
        return self.head(h[-1])


class Stateful(Regressor):
    """States are given, and come out."""

    def forward(self, x, h0, c0):
        out, (h, c) = self.rnn(x, (h0, c0))
        return self.head(out), h, c


class OfTwoModules(nn.Module):
    """Layers of different kinds, one module each."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(9, 4)
        self.below = nn.GRU(4, 5, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(0.5)
        self.above = nn.LSTM(10, 6, batch_first=True)
        self.head = nn.Linear(6, 3)

    def forward(self, tokens):
        h, _ = self.below(self.embedding(tokens))
        h, _ = self.above(self.dropout(h))
        return self.head(h)


def tokens(most, *shape):
    return torch.randint(0, most, shape)


sequence = {0: "batch", 1: "steps"}
time_major = {0: "steps", 1: "batch"}
free = {"tokens": sequence, "x": sequence}
models = {
    "embedding-lstm": (Tagger(nn.LSTM(5, 6, 2, batch_first=True), 11, 5, 4), {"tokens": tokens(11, 3, 7)}, ["logits"], {"dynamic_axes": free}),
    "bidirectional-gru": (Regressor(nn.GRU(3, 5, 2, bidirectional=True), 2), {"x": torch.randn(6, 2, 3)}, ["y"], {"dynamic_axes": {"x": time_major}}),
    "rnn-relu-last": (LastOfOutputs(nn.RNN(3, 6, nonlinearity="relu", batch_first=True), 4), {"x": torch.randn(2, 5, 3)}, ["p"], {"dynamic_axes": free}),
    "gru-last-time-major": (LastOfOutputs(nn.GRU(3, 6, 2), 4), {"x": torch.randn(5, 2, 3)}, ["p"], {"dynamic_axes": {"x": time_major}}),
    "bidirectional-lstm-classes": (Classifier(nn.LSTM(4, 5, 2, batch_first=True, bidirectional=True), 9, 4, 3), {"tokens": tokens(9, 2, 6)}, ["logits"], {"dynamic_axes": free}),
    "lengths": (Padded(nn.LSTM(4, 5, batch_first=True), 9, 4, 3), {"tokens": tokens(9, 3, 6), "lengths": torch.tensor([6, 4, 2])}, ["logits"], {"dynamic_axes": {"tokens": sequence, "lengths": {0: "batch"}}}),
    "stateful": (Stateful(nn.LSTM(3, 4, 2), 2), {"x": torch.randn(5, 2, 3), "h0": torch.randn(2, 2, 4), "c0": torch.randn(2, 2, 4)}, ["y", "h", "c"], {"dynamic_axes": {"x": time_major, "h0": {1: "batch"}, "c0": {1: "batch"}}}),
    "bare-gru": (nn.GRU(3, 4, 2, batch_first=True, bidirectional=True), {"x": torch.randn(2, 5, 3)}, ["out", "h"], {"dynamic_axes": free}),
    "tied-without-biases": (Tagger(nn.RNN(6, 6, batch_first=True, bias=False), 7, 6, 7, bias=False, tied=True), {"tokens": tokens(7, 2, 5)}, ["logits"], {"dynamic_axes": free}),
    "not-folded": (Tagger(nn.LSTM(4, 5, 2, batch_first=True, bidirectional=True), 8, 4, 3), {"tokens": tokens(8, 2, 4)}, ["logits"], {"dynamic_axes": free, "do_constant_folding": False}),
    "not-free": (Tagger(nn.GRU(4, 5, 2, batch_first=True), 8, 4, 3), {"tokens": tokens(8, 2, 4)}, ["logits"], {}),
    "opset-11": (OfTwoModules(), {"tokens": tokens(9, 2, 5)}, ["logits"], {"dynamic_axes": free, "opset_version": 11}),
    "opset-17": (OfTwoModules(), {"tokens": tokens(9, 2, 5)}, ["logits"], {"dynamic_axes": free, "opset_version": 17}),
    "last-of-answers": (LastOfAnswers(nn.GRU(3, 4, batch_first=True), 1), {"x": torch.randn(2, 5, 3)}, ["y"], {"dynamic_axes": free}),
}


def values(tensor):
    return {"shape": list(tensor.shape), "data": tensor.detach().flatten().tolist()}


def main(folder):
    os.makedirs(folder, exist_ok=True)
    for seed, (name, (model, inputs, outputs, options)) in enumerate(models.items()):
        torch.manual_seed(seed)
        model.eval()
        for parameter in model.parameters():
            nn.init.uniform_(parameter, -0.7, 0.7)
        torch.onnx.export(model, tuple(inputs.values()), os.path.join(folder, f"{name}.onnx"), input_names=list(inputs), output_names=outputs, **{"opset_version": 14, **options})
        model = model.double()
        given = [value.double() if value.is_floating_point() else value for value in inputs.values()]
        answers = model(*given)
        flat = [answers] if torch.is_tensor(answers) else [part for answer in answers for part in (answer if isinstance(answer, tuple) else [answer])]
        record = {"inputs": {key: values(value) for key, value in inputs.items()}, "outputs": dict(zip(outputs, map(values, flat)))}
        with open(os.path.join(folder, f"{name}.json"), "w") as file:
            json.dump(record, file)
            file.write("\n")


torch.manual_seed(99)
main(sys.argv[1])
