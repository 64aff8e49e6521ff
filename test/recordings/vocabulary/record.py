"""Records what PyTorch computes for a network of a large vocabulary, in small: an embedding with sparse
gradients, an LSTM, and torch.nn.AdaptiveLogSoftmaxWithLoss.

Run:  python record.py vocabulary.safetensors       (needs torch; float64 arithmetic, stored as float32)

In the file: the parameters by PyTorch's names, the batches of four steps, of the first one the log-probabilities
and gradients, the losses before each update, and the parameters after the last. The embedding is updated by
torch.optim.SparseAdam, all else by torch.optim.Adam.
"""
import json, os, sys
import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from record import f32, write

VOCABULARY, WIDTH, HIDDEN, CUTOFFS, DIVISOR, STEPS, BATCH, UPDATES = 60, 6, 9, [10, 27], 2.0, 5, 4, 4
ADAM = dict(lr=0.02, betas=(0.9, 0.999), eps=1e-8)  # where Adam and SparseAdam add it differs


def main(path):
    torch.manual_seed(17)
    embedding = torch.nn.Embedding(VOCABULARY, WIDTH, sparse=True)
    lstm = torch.nn.LSTM(WIDTH, HIDDEN)
    head = torch.nn.AdaptiveLogSoftmaxWithLoss(HIDDEN, VOCABULARY, CUTOFFS, div_value=DIVISOR, head_bias=True)
    modules = {"embedding": embedding, "lstm": lstm, "head": head}
    parameters = {f"{m}.{n}": p for m, module in modules.items() for n, p in module.named_parameters()}
    with torch.no_grad():
        for name, p in parameters.items():
            p.copy_(torch.zeros_like(p) if name.startswith("lstm.bias_hh") else f32(p))
    tensors = {name: p.detach().clone() for name, p in parameters.items()}
    # few tokens of all, and targets of every cluster
    tokens = torch.randint(0, VOCABULARY // 4, (UPDATES, STEPS, BATCH)) * 4
    targets = torch.randint(0, VOCABULARY, (UPDATES, STEPS, BATCH))
    tensors |= {"tokens": tokens.to(torch.int32), "targets": targets.to(torch.int32)}
    one_bias = {name for name in parameters if name.startswith("lstm.bias_hh")}  # the network has one bias a gate
    rest = [p for name, p in parameters.items() if name not in one_bias and not name.startswith("embedding")]
    optimizers = [torch.optim.SparseAdam([embedding.weight], **ADAM), torch.optim.Adam(rest, **ADAM)]
    losses = []
    for update in range(UPDATES):
        for p in parameters.values():
            p.grad = None
        outputs = lstm(embedding(tokens[update]))[0].reshape(STEPS * BATCH, HIDDEN)
        loss = head(outputs, targets[update].flatten()).loss
        loss.backward()
        losses.append(loss.detach())
        if update == 0:
            tensors["expected.log_probabilities"] = head.log_prob(outputs).reshape(STEPS, BATCH, VOCABULARY)
            for name, p in parameters.items():
                if name not in one_bias:
                    tensors["grad." + name] = p.grad.to_dense()
        for optimizer in optimizers:
            optimizer.step()
    tensors["expected.losses"] = torch.stack(losses)
    tensors |= {"after." + name: p.detach() for name, p in parameters.items()}
    network = dict(vocabulary=VOCABULARY, width=WIDTH, hidden=HIDDEN, cutoffs=CUTOFFS, divValue=DIVISOR)
    training = dict(learningRate=ADAM["lr"], beta1=ADAM["betas"][0], beta2=ADAM["betas"][1], epsilon=ADAM["eps"])
    batch = dict(steps=STEPS, batch=BATCH, updates=UPDATES)
    said = dict(network=network, batch=batch, training=training)
    write(path, tensors, {"source": f"PyTorch {torch.__version__}"} | {k: json.dumps(v) for k, v in said.items()})


main(sys.argv[1])
